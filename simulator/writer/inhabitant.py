"""What a desk knows of somebody who lives in its hospital without being a person."""

from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from simulator.writer.bulk import BulkWriter

if TYPE_CHECKING:
    from simulator.writer.desk import Desk


class Inhabitant(Protocol):
    """Acts by the same commands as people do; only a demo lake has one."""

    seed: int
    is_acting: bool

    def write_past(
        self, writer: BulkWriter, since: datetime, until: datetime, *, is_new: bool
    ) -> None:
        """The hospital's days before its first start; not `is_new`: the rest of them."""

    def move_in(self, desk: "Desk") -> None:
        """Take up what is there."""

    def act(self) -> float | None:
        """Do what is due; gives the wall seconds until something is due again (None: nothing)."""
