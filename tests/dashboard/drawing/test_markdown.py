"""Typed texts stay what they are where Markdown is read."""

import re
from html import unescape

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from dashboard.drawing.markdown import plain

READER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
JOINER = "\u2060"


@given(st.text())
@example("![seen](https://elsewhere.example/pixel.png)")
@example("<img src=x> &amp; **bold** _soft_ ~~gone~~ `code` [link](x)")
@example("ends the quote\n\n# A heading")
@example("back\\slash\\* | a | table |")
@example("- item")
@example("+ item")
@example("12. twelfth")
@example("3) third")
def test_a_typed_text_is_shown_as_it_was_typed(text: str) -> None:
    for before in ("", "who: "):
        shown = READER.render(before + plain(text))
        paragraph = re.fullmatch(r"(?:<p>([^<>]*)</p>\n)?", shown)
        assert paragraph
        if text.isprintable():
            told = unescape(paragraph[1] or "").replace(JOINER, "")
            assert told.split() == (before + text.replace(JOINER, "")).split()


@pytest.mark.parametrize(
    "text", ["see https://elsewhere.example", "www.elsewhere.example", "x :material/home: y"]
)
def test_addresses_and_icons_are_broken_up(text: str) -> None:
    """Streamlit looks for them in what Markdown leaves."""
    left = unescape(READER.renderInline(plain(text)))
    assert left.replace(JOINER, "") == text
    assert not re.search(r"://\w|www\.\w|:material/", left)
