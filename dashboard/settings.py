"""What the dashboard is told from outside."""

from enum import StrEnum

from pydantic_settings import BaseSettings, SettingsConfigDict


class Auth(StrEnum):
    ON = "on"
    OFF = "off"


class DashboardSettings(BaseSettings):
    """`SNR_API_PORT`, `SNR_AUTH`."""

    model_config = SettingsConfigDict(env_prefix="SNR_")

    api_port: int = 8000
    auth: Auth = Auth.OFF

    @property
    def api_url(self) -> str:
        return f"http://127.0.0.1:{self.api_port}"
