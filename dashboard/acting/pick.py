"""Widgets that pick a bed or an instant."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from time import monotonic_ns

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
    clicked = _clicked(key)
    widget, first = (clicked.widget, clicked.bed_id) if clicked else (key, first)
    # Streamlit keeps the label that it last showed, and labels change with the beds: a stale one
    # is taken for the bed it begins with, and drawn anew.
    is_stale = st.session_state.get(widget) != (bed_id := _bed_id(st.session_state.get(widget)))
    if is_stale:
        st.session_state[widget] = bed_id
    chosen = st.selectbox(
        label,
        ids,
        index=ids.index(first) if first in by_id and not is_stale else None,
        placeholder="Type to search",
        format_func=lambda bed_id: (
            tiles.found(bed_id, said[bed_id])
            if bed_id in said
            else tiles.choice(by_id[bed_id], here)
        ),
        key=widget,
    )
    if clicked:
        clicked.is_drawn = True
    return by_id.get(chosen or "")


@dataclass
class _Click:
    """A bed that was chosen beside the widget. It travels as the own default of a new widget: a
    value put into the state of one is lost to the browser when a click interrupts the run."""

    widget: str
    bed_id: str
    is_drawn: bool = False


def choose(key: str, bed_id: str) -> None:
    """In the widget of that key, as if it had been chosen there."""
    st.session_state[f"{key}_click"] = _Click(f"{key}-{monotonic_ns()}", bed_id)


def chosen_id(key: str, first: str | None = None) -> str | None:
    """The bed_id that is chosen in the widget of that key, or will be at first."""
    clicked = _clicked(key)
    widget, first = (clicked.widget, clicked.bed_id) if clicked else (key, first)
    return _bed_id(st.session_state.get(widget, first))


def _clicked(key: str) -> _Click | None:
    """As long as its widget is there: who leaves the page or the bed begins anew."""
    clicked: _Click | None = st.session_state.get(f"{key}_click")
    is_gone = clicked and clicked.is_drawn and clicked.widget not in st.session_state
    return None if is_gone else clicked


def _bed_id(bed_id_or_label: str | None) -> str | None:
    return bed_id_or_label and bed_id_or_label.split(tiles.DOT, maxsplit=1)[0]


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
