"""Asks the lake, for the eyes of whoever is at the page. One reader per process, one cursor per
question."""

from datetime import datetime
from typing import Any

import pyarrow as pa
import streamlit as st

from dashboard.asking import queries
from dashboard.asking.looks import are_recorded
from dashboard.whose import sight_of, whose
from lake.duck import LakeReader, within
from lake.errors import QueryTooLong
from lake.places import Places
from lake.sight import Sight, seen, wards_shown
from simulator.client import Shown, digest_of

QUESTION_SECONDS = 30.0


def ask(question: str, **parameters: Any) -> pa.Table:
    """Whose patients it shows is recorded first; while that cannot be, it shows none."""
    try:
        with within(QUESTION_SECONDS):
            answer = _reader().ask(question, parameters)
    except QueryTooLong as error:
        st.error(f"{error} {error.fix}")
        st.stop()
    who = whose()
    eyes = sight_of(who)
    wards = wards_shown(answer, eyes) if who else frozenset()
    if who and wards:
        is_board = question == queries.beds
        shown = Shown.BOARD if is_board else Shown.SEARCH
        detail = None if is_board else _digest(parameters)
        if not are_recorded(who, shown, queries.name_of(question), wards, detail):
            eyes = Sight()
    return seen(answer, eyes)


def _digest(parameters: dict[str, Any]) -> str | None:
    """Of what is asked, but for the time: that goes on, and the look is the same one."""
    asked = {name: value for name, value in parameters.items() if not isinstance(value, datetime)}
    return digest_of(asked)


def rows(question: str, **parameters: Any) -> list[dict[str, Any]]:
    return list(ask(question, **parameters).to_pylist())


def row(question: str, **parameters: Any) -> dict[str, Any]:
    """The answer's first row; empty where there is none."""
    return next(iter(rows(question, **parameters)), {})


@st.cache_resource(show_spinner=False)
def _reader() -> LakeReader:
    return LakeReader(Places.from_settings())
