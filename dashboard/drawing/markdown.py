"""Texts that people typed, for Streamlit's messages and labels, which read Markdown."""

import re

_MEANINGFUL = re.compile(r"([\\`*_~^$:!#&|=+@<>\[\]{}])")
_LIST = re.compile(r"^(\d*)([-.)])")
_REPLACED = re.compile(r"(:\\?//|www\.|:material)")
_JOINER = "\u2060"
"""Has no width; breaks up what Streamlit looks for after Markdown is read: addresses and icons."""


def plain(text: object) -> str:
    """As it was typed, on one line: no image, link or list is made of it. Streamlit still draws
    `->` and `<=` as signs.

    A backslash takes its meaning from any ASCII punctuation (CommonMark 0.31, section 2.4).
    """
    one_line = _REPLACED.sub(rf"\1{_JOINER}", " ".join(str(text).split()))
    return _LIST.sub(r"\1\\\2", _MEANINGFUL.sub(r"\\\1", one_line))
