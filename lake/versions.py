"""The versions of the log's columns, and the one way in which rows of all of them are read.

Rows are never rewritten, so what has another column in a later version is looked up in the one
that its row has. `READ_AS` says so in SQL that DuckDB and Spark both understand: the views of the
log and of silver are made from it, and so are silver's new rows. `as_read` says the same of a row
in memory. When a version ends and another begins: docs/adr/0013.
"""

from collections.abc import Mapping
from typing import Any

from lake.vocabulary import canonical_ref

IS_FIRST = "coalesce(schema_version, 1) = 1"
"""Whether a row is of version 1."""

REQUESTS = ("bed_requested", "request_placed", "request_withdrawn")
WITH_WORDS = ("bed_closed", "bed_opened")
"""Events whose columns say more since version 2."""

REFERENCES = (
    "patient_ref",
    "current_patient_ref",
    "next_patient_ref",
    "merged_into_patient_ref",
)
"""One patient has one reference, however it was typed before the writer made it one."""

READ_AS = {
    **{name: f"upper(trim({name}))" for name in REFERENCES},
    "lake_mode": f"CASE WHEN {IS_FIRST} AND event_type = 'clock_set' THEN reason_code"
    " ELSE lake_mode END",
    "reason_code": "coalesce(reason_code, override_reason_code)",
    "override_rules": "coalesce(override_rules, split(override_rule, ','))",
    "override_rule": "coalesce(override_rule, array_join(override_rules, ','))",
    "override_reason_code": f"CASE WHEN {IS_FIRST} AND override_rule IS NOT NULL THEN reason_code"
    " ELSE override_reason_code END",
    "override_reason": f"CASE WHEN {IS_FIRST} AND override_rule IS NOT NULL THEN note"
    " ELSE override_reason END",
    "reason": f"CASE WHEN {IS_FIRST} AND event_type IN {WITH_WORDS} THEN note ELSE reason END",
    "displaced_booking_ids": "coalesce(displaced_booking_ids, split(displaced_booking_id, ','))",
    "displaced_booking_id": "coalesce(displaced_booking_id,"
    " array_join(displaced_booking_ids, ','))",
    "wanted_from_at": f"CASE WHEN {IS_FIRST} AND event_type IN {REQUESTS} THEN starts_at"
    " ELSE wanted_from_at END",
}
"""Columns that are read otherwise than they are stored, by name. In version 1 an override's and a
closing's words stood in the note, joined to it; what was joined stays joined."""

UPDATE_TEXT = (
    f"nullif(CASE WHEN {IS_FIRST} THEN note"
    " ELSE concat_ws('; ', override_reason, reason, note) END, '')"
)
"""All words of an event, as they are read together: null where there are none."""


def as_read(row: Mapping[str, Any]) -> dict[str, Any]:
    """The row with every name of every version, as the views show it."""
    read = {name: row.get(name) for name in READ_AS} | _of_version_1(row)
    read["override_rules"] = read["override_rules"] or _split(row.get("override_rule"))
    read["override_rule"] = row.get("override_rule") or _joined(row.get("override_rules"))
    ids, joined = row.get("displaced_booking_ids"), row.get("displaced_booking_id")
    read["displaced_booking_ids"] = ids or _split(joined)
    read["displaced_booking_id"] = joined or _joined(ids)
    read["reason_code"] = row.get("reason_code") or row.get("override_reason_code")
    for name in REFERENCES:
        read[name] = canonical_ref(row[name]) if row.get(name) else None
    return {**row, **read}


def _of_version_1(row: Mapping[str, Any]) -> dict[str, Any]:
    if (row.get("schema_version") or 1) != 1:
        return {}
    moved = {}
    if row["event_type"] == "clock_set":
        moved["lake_mode"] = row.get("reason_code")
    if row["event_type"] in REQUESTS:
        moved["wanted_from_at"] = row.get("starts_at")
    if row["event_type"] in WITH_WORDS:
        moved["reason"] = row.get("note")
    if row.get("override_rule"):
        moved["override_reason_code"] = row.get("reason_code")
        moved["override_reason"] = row.get("note")
    return moved


def _split(joined: str | None) -> list[str] | None:
    return joined.split(",") if joined else None


def _joined(parts: list[str] | None) -> str | None:
    return ",".join(parts) if parts else None
