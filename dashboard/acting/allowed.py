"""What whoever is at the page may do, said before the API has to refuse it.

The API decides; its rights come with the session (`simulator/domain/permissions.py`).
"""

from collections.abc import Iterable, Sequence

import streamlit as st

from dashboard.acting.legal import Act
from dashboard.asking.board import Bed
from dashboard.drawing.markdown import plain
from dashboard.settings import DashboardSettings
from dashboard.whose import whose

WORK, CLOSE, REVIEW, ACROSS = "work", "close", "review", "move_across_wards"
BREAK_GLASS = "break_glass"
CLOSING = frozenset({Act.CLOSE, Act.OPEN, Act.CLOSE_ROOM, Act.OPEN_ROOM})


def may(right: str, ward_id: str | None = None) -> bool:
    """`ward_id` None: anywhere. Where nobody signs in everybody may."""
    if not DashboardSettings().asks_who:
        return True
    me = whose()
    if me is None:
        return False
    return me.reach(right) is not None if ward_id is None else me.may(right, ward_id)


def takes_reason(right: str) -> bool:
    """Whether it is to be said why."""
    me = whose()
    return me is not None and me.reach(right) == "with_reason"


def shows_patients() -> bool:
    """Whether the page shows any; says so where not."""
    if may(WORK):
        return True
    st.info("Your role shows no patients. Clerks see those of their wards, managers all.")
    return False


def own(beds: Iterable[Bed]) -> list[Bed]:
    """The beds that this person acts on."""
    return [bed for bed in beds if may(WORK, bed["ward_id"])]


def of_these(acts: Sequence[Act], bed: Bed) -> list[Act]:
    """Those that may be done; names the others, with who may."""
    allowed = [act for act in acts if may(CLOSE if act in CLOSING else WORK, bed["ward_id"])]
    others = [act for act in acts if act not in allowed]
    if others and not allowed:
        ward = plain(bed["ward_id"])
        st.caption(f"{ward} is none of your wards: its clerks and the managers act on this bed.")
    elif others:
        st.caption(f"A manager may: {', '.join(others)}.")
    return allowed


def why(key: str, label: str = "Why (it is recorded)") -> str:
    return st.text_input(label, max_chars=500, key=key).strip()
