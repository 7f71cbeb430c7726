"""Where everything lies: the only place that knows folders and the lake's URL."""

import re
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
    def secrets(self) -> Path:
        return self.home / "secrets"


def _lake_url(setting: str) -> str:
    """A path is made absolute, a file URL a path; other URLs stay what they are."""
    scheme, _, rest = setting.partition("://")
    if rest and scheme != "file":
        return setting.rstrip("/")
    path = unquote(urlsplit(setting).path) if rest else setting
    return str(Path(path).expanduser().resolve()) if path else ""
