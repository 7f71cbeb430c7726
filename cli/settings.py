"""Ports of the stack, from `SNR_...` variables."""

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class StackSettings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="SNR_")

    api_port: int = Field(8000, ge=1, le=65535)
    dashboard_port: int = Field(8501, ge=1, le=65535)
    prefect_port: int = Field(4200, ge=1, le=65535)
