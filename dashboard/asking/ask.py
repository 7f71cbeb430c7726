"""Asks the lake, for the eyes of whoever is at the page. One reader per process, one cursor per
question."""

from typing import Any

import pyarrow as pa
import streamlit as st

from dashboard.whose import sight
from lake.duck import LakeReader
from lake.places import Places
from lake.sight import seen


def ask(question: str, **parameters: Any) -> pa.Table:
    return seen(_reader().ask(question, parameters), sight())


def rows(question: str, **parameters: Any) -> list[dict[str, Any]]:
    return list(ask(question, **parameters).to_pylist())


def row(question: str, **parameters: Any) -> dict[str, Any]:
    """The answer's first row; empty where there is none."""
    return next(iter(rows(question, **parameters)), {})


@st.cache_resource(show_spinner=False)
def _reader() -> LakeReader:
    return LakeReader(Places.from_settings())
