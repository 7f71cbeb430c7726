"""Asks the lake, for the eyes of whoever is at the page. One reader per process, one cursor per
question."""

from typing import Any

import pyarrow as pa
import streamlit as st

from dashboard.asking import queries
from dashboard.asking.looks import are_recorded
from dashboard.whose import sight, whose
from lake.duck import LakeReader, within
from lake.errors import QueryTooLong
from lake.places import Places
from lake.sight import Sight, seen, wards_shown
from simulator.client import Shown

QUESTION_SECONDS = 30.0


def ask(question: str, **parameters: Any) -> pa.Table:
    """Whose patients it shows is recorded first; while that cannot be, it shows none."""
    try:
        with within(QUESTION_SECONDS):
            answer = _reader().ask(question, parameters)
    except QueryTooLong as error:
        st.error(f"{error} {error.fix}")
        st.stop()
    eyes, who = sight(), whose()
    wards = wards_shown(answer, eyes) if who else frozenset()
    if who and wards:
        shown = Shown.BOARD if question == queries.beds else Shown.SEARCH
        bed = parameters.get("bed_text")
        if not are_recorded(who, shown, queries.name_of(question), wards, bed):
            eyes = Sight()
    return seen(answer, eyes)


def rows(question: str, **parameters: Any) -> list[dict[str, Any]]:
    return list(ask(question, **parameters).to_pylist())


def row(question: str, **parameters: Any) -> dict[str, Any]:
    """The answer's first row; empty where there is none."""
    return next(iter(rows(question, **parameters)), {})


@st.cache_resource(show_spinner=False)
def _reader() -> LakeReader:
    return LakeReader(Places.from_settings())
