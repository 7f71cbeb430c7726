"""Where everything lies: the only place that knows folders and the lake's URL."""

import re
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from pydantic_settings import BaseSettings, SettingsConfigDict

from lake.errors import LakeError
from lake.tables import Owner, Table

UNFIT = re.compile(r"%[0-9A-Fa-f]{2}|[\[\]]")
"""What delta-rs takes for an encoded character or for a host in a folder's name."""

CHECKOUT = Path(__file__).resolve().parent.parent


class PlaceSettings(BaseSettings):
    """`SNR_HOME`: the folder of all state. `SNR_LAKE_URL`: the lake elsewhere (s3://...)."""

    model_config = SettingsConfigDict(env_prefix="SNR_")

    home: Path = CHECKOUT / "var"
    lake_url: str = ""


TICK_NS = 100_000_000
"""Longer than the steps of any file system's clock."""


@dataclass(frozen=True)
class LogStamp:
    """Of the folder of a table's log: which it is, and when (ns) an entry last came or went."""

    folder: int
    changed_at: int


@dataclass(frozen=True)
class Places:
    """One hospital's state on disk. `lake_url` is a local path or an object-store URL."""

    home: Path
    lake_url: str

    @classmethod
    def from_settings(cls, settings: PlaceSettings | None = None) -> "Places":
        """Raises LakeError for a folder that the engines would not find again."""
        settings = settings or PlaceSettings()
        home = settings.home.expanduser().resolve()
        places = cls(home, _lake_url(settings.lake_url) or str(home / "lake"))
        if places.is_local and UNFIT.search(places.lake_url):
            raise LakeError(
                f"A lake cannot lie in {places.lake_url}: Delta's writer misreads its name.",
                "Name a folder without square brackets and percent signs: SNR_HOME=~/snr",
            )
        return places

    @property
    def is_local(self) -> bool:
        return "://" not in self.lake_url

    def table(self, table: Table) -> str:
        return f"{self.lake_url}/{table.layer}/{table.stem}"

    def exists(self, table: Table) -> bool:
        """Whether the table has been created; remote tables are taken to exist."""
        return not self.is_local or any(Path(self.table(table), "_delta_log").glob("*.json"))

    def log_stamp(self, table: Table) -> LogStamp | None:
        """Another one once the table has another version, for much less than reading its log.

        None where only the log tells: for remote tables, where there is none, and so soon after a
        commit that the next could bear the same time.
        """
        if not self.is_local:
            return None
        try:
            log = Path(self.table(table), "_delta_log").stat()
        except FileNotFoundError:
            return None
        is_settled = time.time_ns() - log.st_mtime_ns > TICK_NS
        return LogStamp(log.st_ino, log.st_mtime_ns) if is_settled else None

    @property
    def checkpoints(self) -> str:
        return f"{self.home if self.is_local else self.lake_url}/checkpoints"

    def checkpoint(self, query: str) -> str:
        return f"{self.checkpoints}/{query}"

    def lock(self, owner: Owner) -> Path:
        return self.home / "locks" / f"{owner}.lock"

    @property
    def logs(self) -> Path:
        return self.home / "logs"

    @property
    def prefect(self) -> Path:
        return self.home / "prefect"

    @property
    def people(self) -> Path:
        """Who may sign in."""
        return self.secrets / "people.sqlite"

    @property
    def prefect_secret(self) -> Path:
        return self.secrets / "prefect"

    @property
    def signed_checkpoints(self) -> Path:
        """Where the logs ended, each hour: better on another disk (`SNR_CHECKPOINT_DIR`)."""
        return self.home / "signed_checkpoints"

    @property
    def secrets(self) -> Path:
        return self.home / "secrets"


def _lake_url(setting: str) -> str:
    """A path is made absolute, a file URL a path; other URLs stay what they are."""
    scheme, _, rest = setting.partition("://")
    if rest and scheme != "file":
        return setting.rstrip("/")
    path = unquote(urlsplit(setting).path) if rest else setting
    return str(Path(path).expanduser().resolve()) if path else ""
