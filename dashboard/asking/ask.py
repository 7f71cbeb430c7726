"""Asks the lake. One reader per process, one cursor per question."""

from typing import Any

import pyarrow as pa
import streamlit as st

from lake.duck import LakeReader
from lake.places import Places


def ask(question: str, **parameters: Any) -> pa.Table:
    return _reader().ask(question, parameters)


def rows(question: str, **parameters: Any) -> list[dict[str, Any]]:
    return list(ask(question, **parameters).to_pylist())


def row(question: str, **parameters: Any) -> dict[str, Any]:
    """The answer's first row; empty where there is none."""
    return next(iter(rows(question, **parameters)), {})


@st.cache_resource(show_spinner=False)
def _reader() -> LakeReader:
    return LakeReader(Places.from_settings())
