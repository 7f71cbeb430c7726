"""Settings of the API process, from `SNR_...` variables; read at entry points, never at import."""

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from lake.places import CHECKOUT


class ApiSettings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="SNR_")

    api_port: int = Field(8000, ge=1, le=65535)
    simulator: bool = True
    speed: float = Field(60.0, gt=0, le=3600, allow_inf_nan=False)
    seed: int = 1
    hospital_file: Path = CHECKOUT / "hospital.toml"
    history_days: int = Field(90, ge=1, le=366)
    no_show_grace_minutes: float = Field(120.0, ge=0)
    service_requests_per_minute: int = Field(60_000, ge=1)
    checkpoint_dir: Path | None = None
    past_start_grace_minutes: float = Field(60.0, ge=0)
