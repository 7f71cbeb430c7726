"""Typed texts stay what they are where Markdown is read."""

import re
from html import unescape

from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from dashboard.drawing.markdown import plain


@given(st.text())
@example("![seen](https://elsewhere.example/pixel.png)")
@example("<img src=x> &amp; **bold** _soft_ ~~gone~~ `code` [link](x)")
@example("ends the quote\n\n# A heading")
@example("back\\slash\\* | a | table |")
def test_a_typed_text_is_shown_as_it_was_typed(text: str) -> None:
    shown = (
        MarkdownIt("commonmark").enable(["table", "strikethrough"]).render(f"who: {plain(text)}")
    )

    paragraph = re.fullmatch(r"<p>([^<>]*)</p>\n", shown)
    assert paragraph
    if text.isprintable():
        assert unescape(paragraph[1]).split() == ["who:", *text.split()]
