from pathlib import Path

import pytest

from flows.phrases import PhraseSettings, read_phrases
from lake.errors import LakeError


def test_the_file_that_comes_with_it_is_read() -> None:
    assert {"isolation", "falls", "oxygen", "transport"} <= read_phrases().keys()


@pytest.mark.parametrize(
    "text", ["falls = 3", "falls = [1]", "not toml at all", None, "falls = []", 'falls = ["?!"]']
)
def test_a_file_that_cannot_be_read_is_named_with_the_fix(tmp_path: Path, text: str | None) -> None:
    path = tmp_path / "phrases.toml"
    if text is not None:
        path.write_text(text)
    with pytest.raises(LakeError, match=r"flagged phrases in .*phrases\.toml") as refused:
        read_phrases(PhraseSettings(phrases_file=path))
    assert "SNR_PHRASES_FILE" in refused.value.fix
