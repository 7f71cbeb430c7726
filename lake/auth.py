"""`SNR_AUTH`: whether people sign in. Without it everybody on this machine may do everything."""

from enum import StrEnum

from pydantic_settings import BaseSettings, SettingsConfigDict


class Auth(StrEnum):
    ON = "on"
    OFF = "off"


class AuthSettings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="SNR_")

    auth: Auth = Auth.ON
