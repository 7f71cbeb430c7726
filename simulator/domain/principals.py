"""Who asks, and in which roles: what permissions are given to."""

from collections.abc import Iterable
from dataclasses import dataclass

from lake.vocabulary import Role

NO_WARDS: frozenset[str] = frozenset()
NOBODY: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Principal:
    """A person, a service or the house itself. `wards`: a clerk's own ones. `may_all`: nobody asks
    what this one may; `roles` then say what is written down."""

    actor: str
    roles: frozenset[Role]
    wards: frozenset[str] = NO_WARDS
    may_all: bool = False
    glass: frozenset[str] = NOBODY
    """Patients of other wards that a clerk sees for a while, by canonical references."""

    board_of: frozenset[str] | None = None
    """The wards that a screen shows; None: every one."""

    @property
    def is_manager(self) -> bool:
        return self.may_all or Role.MANAGER in self.roles

    @property
    def has_wards(self) -> bool:
        return Role.CLERK in self.roles and bool(self.wards)

    @property
    def sees_wards(self) -> list[str] | None:
        """Those whose patients are shown; None: all."""
        return None if self.is_manager else sorted(self.wards if self.has_wards else ())

    def has_broken_glass_for(self, refs: Iterable[str]) -> bool:
        return self.has_wards and any(ref in self.glass for ref in refs)

    def has_on_board(self, ward_id: str | None) -> bool:
        return self.board_of is None or ward_id in self.board_of

    def owns(self, ward_id: str | None) -> bool:
        """Whether it is one of a clerk's own wards."""
        return Role.CLERK in self.roles and ward_id in self.wards

    def sees(self, ward_id: str | None) -> bool:
        """Whether patients there are shown by their references, with what is said of them."""
        return self.is_manager or self.owns(ward_id)


def unasked(actor: str, role: Role = Role.SYSTEM) -> Principal:
    """The house itself; or whoever calls while nobody signs in."""
    return Principal(actor, frozenset({role}), may_all=True)
