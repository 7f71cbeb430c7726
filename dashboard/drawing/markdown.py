"""Texts that people typed, for Streamlit's messages, which read Markdown."""

import re

_MEANINGFUL = re.compile(r"([\\`*_~^$:!#&|=+@<>\[\]{}])")


def plain(text: object) -> str:
    """As it was typed, on one line: no image is fetched, no words hidden or set otherwise.

    A backslash takes its meaning from any ASCII punctuation (CommonMark 0.31, section 2.4).
    """
    return _MEANINGFUL.sub(r"\\\1", " ".join(str(text).split()))
