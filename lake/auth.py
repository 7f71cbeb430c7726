"""`SNR_AUTH`: whether people sign in. Where it is off everybody on this machine may do
everything."""

from enum import StrEnum

from pydantic_settings import BaseSettings, SettingsConfigDict

LOOPBACK = ("127.0.0.1", "localhost", "::1")
"""What a server here is called by those on this machine; under another name a page of another site
could have asked (DNS rebinding)."""


class Auth(StrEnum):
    ON = "on"
    OFF = "off"


class AuthSettings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="SNR_")

    auth: Auth = Auth.ON
