"""Which phrases are flagged in update texts: flows/phrases.toml, or the hospital's own file."""

import tomllib
from pathlib import Path
from typing import Annotated

from pydantic import Field, StringConstraints, TypeAdapter, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from lake.errors import LakeError

Phrase = Annotated[str, StringConstraints(pattern=r"[^\W_]")]
Phrases = dict[str, Annotated[list[Phrase], Field(min_length=1)]]
"""flag -> its phrases, each of at least one word."""


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
