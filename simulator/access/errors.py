"""Why somebody is not let in; told over HTTP by `code`, like all that is not carried out.

NotCarriedOut (domain.errors)
├── NotSignedIn           no session, none that is known, or one that has ended or is locked
├── WrongPassword         the name, the password or the PIN is wrong; which, is not said
├── NewPasswordNeeded     a one-time password is to be replaced as it is used
├── PasswordNeeded        what is asked takes the password, not the session alone
└── TooMany               wait before the next one
    ├── TooManyAttempts   of passwords and PINs
    └── TooManyRequests   of one caller
"""

from simulator.domain.errors import NotCarriedOut


class NotSignedIn(NotCarriedOut):
    code = "sign_in_required"

    def __init__(self, detail: str = "Sign in first.") -> None:
        super().__init__(detail)


class WrongPassword(NotCarriedOut):
    code = "wrong_password"

    def __init__(self, detail: str = "The name or the password is wrong.") -> None:
        super().__init__(detail)


class NewPasswordNeeded(NotCarriedOut):
    code = "new_password_required"

    def __init__(self) -> None:
        super().__init__("This password was for once: send a new one beside it (new_password).")


class PasswordNeeded(NotCarriedOut):
    code = "password_required"

    def __init__(self) -> None:
        super().__init__("This takes your password: send it to /session/prove first.")


class TooMany(NotCarriedOut):
    """`retry_seconds`: until another one is looked at."""

    def __init__(self, retry_seconds: int, what: str) -> None:
        super().__init__(f"{what} Try again in {retry_seconds} s.")
        self.retry_seconds = retry_seconds


class TooManyAttempts(TooMany):
    code = "too_many_attempts"

    def __init__(self, retry_seconds: int) -> None:
        super().__init__(retry_seconds, "Too many wrong attempts.")


class TooManyRequests(TooMany):
    code = "too_many_requests"

    def __init__(self, retry_seconds: int, what: str = "You ask too much at once.") -> None:
        super().__init__(retry_seconds, what)
