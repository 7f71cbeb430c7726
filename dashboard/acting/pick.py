"""Widgets that pick a bed or an instant."""

from collections.abc import Mapping, Sequence
from datetime import datetime, time, timedelta

import streamlit as st

from dashboard import theme, times
from dashboard.asking.board import Bed
from dashboard.drawing import tiles
from dashboard.times import Here

NOTHING_SAID: Mapping[str, str] = {}


def bed(
    label: str,
    beds: Sequence[Bed],
    here: Here,
    key: str,
    first: str | None = None,
    said: Mapping[str, str] = NOTHING_SAID,
) -> Bed | None:
    """`first` is the bed_id that is chosen at first; `said` of a bed stands in for its status."""
    by_id = {bed["bed_id"]: bed for bed in beds}
    ids = [*by_id]
    # Streamlit keeps the label that it last showed, and labels change with the beds: a stale one
    # is taken for the bed it begins with, and drawn anew.
    is_new = key not in st.session_state
    if st.session_state.get(key):
        st.session_state[key] = chosen_id(key)
    chosen = st.selectbox(
        label,
        ids,
        index=ids.index(first) if is_new and first in by_id else None,
        placeholder="Type to search",
        format_func=lambda bed_id: (
            tiles.found(bed_id, said[bed_id])
            if bed_id in said
            else tiles.choice(by_id[bed_id], here)
        ),
        key=key,
    )
    return by_id.get(chosen or "")


def chosen_id(key: str, first: str | None = None) -> str | None:
    """The bed_id that is chosen in the widget of that key, or will be at first."""
    bed_id_or_label = st.session_state.get(key, first)
    return bed_id_or_label and str(bed_id_or_label).split(tiles.DOT, maxsplit=1)[0]


def choose(key: str, bed_id: str) -> None:
    st.session_state[key] = bed_id


def instant(label: str, here: Here, ahead: timedelta, key: str) -> datetime:
    """Given in the hospital's own time."""
    # The default must stand while the clock goes on, and travel as the widget's own default: a
    # value put into its state is lost to the browser when a click interrupts the run.
    there = st.session_state.setdefault(
        f"{key}_default", times.local(here.now + ahead, here.zone).replace(minute=0)
    )
    day, hour = st.columns(2)
    return times.instant(
        day.date_input(f"{label} on", value=there.date(), key=f"{key}_on"),
        hour.time_input(
            "at (hospital time)",
            value=time(there.hour),
            key=f"{key}_time",
            step=timedelta(minutes=15),
        ),
        here.zone,
    )


def past(label: str, here: Here, key: str) -> datetime | None:
    """A time within the last day, in the hospital's own; None: not said."""
    at = st.time_input(label, value=None, key=key, step=timedelta(minutes=5))
    return times.newest(at, here.now, here.zone) if at else None


def word(
    label: str, options: Sequence[str], placeholder: str = "Any", key: str | None = None
) -> str | None:
    return st.selectbox(
        label, options, index=None, format_func=theme.words, placeholder=placeholder, key=key
    )
