"""Which phrases are flagged in update texts: flows/phrases.toml, or the hospital's own file."""

import tomllib
from pathlib import Path

from pydantic import TypeAdapter, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from lake.errors import LakeError

Phrases = dict[str, list[str]]
"""flag -> its phrases."""


class PhraseSettings(BaseSettings):
    """`SNR_PHRASES_FILE`: a TOML file of `flag = ["a phrase", ...]`."""

    model_config = SettingsConfigDict(env_prefix="SNR_")

    phrases_file: Path = Path(__file__).with_name("phrases.toml")


def read_phrases(settings: PhraseSettings | None = None) -> Phrases:
    """Raises LakeError for a file that is not there or does not read so."""
    path = (settings or PhraseSettings()).phrases_file
    try:
        return TypeAdapter(Phrases).validate_python(tomllib.loads(path.read_text()), strict=True)
    except (OSError, tomllib.TOMLDecodeError, ValidationError) as error:
        raise LakeError(
            f"The flagged phrases in {path} cannot be read: {' '.join(str(error).split())[:200]}",
            'Write lines like falls = ["fall", "fell"], or unset SNR_PHRASES_FILE.',
        ) from None
