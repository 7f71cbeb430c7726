"""Rows of curated tables, written by hand for a question to be asked of them."""

from collections.abc import Iterable
from typing import Any

import pyarrow as pa
from deltalake import write_deltalake

from lake.arrow import open_or_create
from lake.places import Places
from lake.tables import Table


def write(places: Places, table: Table, rows: Iterable[dict[str, Any]]) -> None:
    """Columns that a row does not name are null; `hospital_id` is snr."""
    full = [dict.fromkeys(table.column_names) | {"hospital_id": "snr"} | row for row in rows]
    data = pa.Table.from_pylist(full, schema=table.schema)
    write_deltalake(open_or_create(places, table), data, mode="append")
