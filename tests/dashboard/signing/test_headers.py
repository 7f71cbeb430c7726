"""What a browser is told that a page may load and run: as little as works, each bit explained."""

import re

from dashboard.drawing import pulse
from dashboard.signing import headers
from lake.places import CHECKOUT

WITHOUT_REASON = {"'self'", "'none'"}
ROW = re.compile(r"^\| `(?P<directive>[a-z-]+) (?P<source>[^`]+)` \| \S", re.MULTILINE)


def policy() -> dict[str, list[str]]:
    text = headers.content_security_policy().header_value
    return {part.split()[0]: part.split()[1:] for part in text.split("; ")}


def test_each_exception_of_the_policy_is_listed_with_its_reason() -> None:
    told = {
        (directive, "'sha256-…'" if source.startswith("'sha256-") else source)
        for directive, sources in policy().items()
        for source in sources
        if source not in WITHOUT_REASON
    }
    listed = ROW.findall((CHECKOUT / "docs" / "security.md").read_text())
    assert sorted(listed) == sorted(told)


def test_what_the_policy_says_nothing_of_comes_from_here_or_from_nowhere() -> None:
    told = policy()
    assert told["default-src"] == told["connect-src"] == told["form-action"] == ["'self'"]
    assert told["object-src"] == told["base-uri"] == told["frame-ancestors"] == ["'none'"]


def test_only_the_pages_own_scripts_run() -> None:
    """Of Streamlit's page one, and our two."""
    assert len({*headers.scripts_in_pages()}) == 3
    assert len(headers.SCRIPT.findall(pulse.WATCH)) == 1
    sources = policy()["script-src"]
    assert {"'unsafe-inline'", "'unsafe-eval'", "data:", "https:", "*"}.isdisjoint(sources)
