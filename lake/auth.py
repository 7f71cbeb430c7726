"""`SNR_AUTH`: whether people sign in. The pages cannot yet, so a start of them that counts on it is
refused."""

from enum import StrEnum

from pydantic_settings import BaseSettings, SettingsConfigDict

from lake.errors import LakeError


class Auth(StrEnum):
    ON = "on"
    OFF = "off"


class AuthSettings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="SNR_")

    auth: Auth = Auth.OFF


def refuse_sign_in(auth: Auth | None = None) -> None:
    """Raises LakeError for ON; `auth` None: what `SNR_AUTH` says. Each entry point asks first."""
    if (auth or AuthSettings().auth) is Auth.ON:
        raise LakeError(
            "SNR_AUTH is on, and nobody can sign in on the pages yet: the API alone asks.",
            "Start without it, on this machine only: SNR_AUTH=off, or ./snr up --auth off",
        )
