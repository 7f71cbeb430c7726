"""What a flow and the process that lends the session say to each other, over a unix socket.

First the flow names a work and its arguments. Then come any number of percents, and at last what
the work gave or why it failed. Whatever the flow sends meanwhile, or its end, asks the work to end.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from pydantic_settings import BaseSettings, SettingsConfigDict

from lake.errors import LakeError


class SessionSettings(BaseSettings):
    """`SNR_SPARK_SOCKET`: where a session is lent; without it each flow starts its own."""

    model_config = SettingsConfigDict(env_prefix="SNR_")

    spark_socket: Path | None = None


class Asked(BaseModel):
    work: str
    arguments: dict[str, Any]


class Failure(BaseModel):
    """`kind` is the error's class."""

    kind: str
    cause: str
    fix: str | None = None

    @classmethod
    def of(cls, error: BaseException) -> "Failure":
        return cls(kind=type(error).__name__, cause=str(error), fix=getattr(error, "fix", None))

    def as_error(self) -> Exception:
        """An error of the lake as itself, so that who catches it here catches it there."""
        if self.fix is None:
            return RuntimeError(f"{self.kind}: {self.cause}")
        return _lake_errors().get(self.kind, LakeError)(self.cause, self.fix)


class Told(BaseModel):
    """One of the three."""

    percent: float | None = None
    failure: Failure | None = None
    result: Any = None

    @property
    def is_last(self) -> bool:
        return self.percent is None


END = b"end"


def _lake_errors() -> Mapping[str, type[LakeError]]:
    return {kind.__name__: kind for kind in _family(LakeError)}


def _family(kind: type[LakeError]) -> Iterator[type[LakeError]]:
    yield kind
    for child in kind.__subclasses__():
        yield from _family(child)
