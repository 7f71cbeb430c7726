"""`./snr token`: tokens of services and screens."""

from collections.abc import Sequence
from datetime import datetime

from rich.console import Console
from rich.table import Table

from cli.access import gate, role
from lake.errors import LakeError
from simulator.access.tokens import Scope, Token
from simulator.writer.clock import wall_now


def add(
    as_role: str, label: str, wards: Sequence[str], scopes: Sequence[str], days: float | None
) -> None:
    """The token is the last word of what is printed."""
    may = [_scope(word) for word in scopes] or [Scope.READ, Scope.WRITE]
    with gate() as opened:
        token = opened.tokens.add(label, role(as_role), wards=wards, scopes=may, days=days)
    print(f"{label}, {as_role}: {', '.join(may)}. It is shown this once: {token}")


def rotate(token_id: str, overlap_hours: float) -> None:
    with gate() as opened:
        token = opened.tokens.rotate(token_id, overlap_hours)
    print(f"{token_id} holds for {overlap_hours:g} h more. It is shown this once: {token}")


def revoke(token_id: str) -> None:
    with gate() as opened:
        opened.tokens.revoke(token_id)
    print(f"{token_id} holds no more.")


def show_all() -> None:
    with gate() as opened:
        tokens = opened.tokens.all()
    table = Table("id", "label", "role", "wards", "for", "until", "last used", "state")
    for one in tokens:
        table.add_row(
            one.token_id,
            one.label,
            one.role,
            ", ".join(sorted(one.wards)),
            ", ".join(sorted(one.scopes)),
            _said(one.expires_at),
            _said(one.last_used_at),
            _state(one),
        )
    Console(soft_wrap=True).print(table)


def _scope(word: str) -> Scope:
    try:
        return Scope(word.strip().lower())
    except ValueError:
        names = ", ".join(Scope)
        raise LakeError(f"There is no scope {ascii(word)[:40]}.", f"One of: {names}.") from None


def _said(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC" if at else ""


def _state(token: Token) -> str:
    if token.is_revoked:
        return "revoked"
    return "" if token.holds_at(wall_now()) else "expired"
