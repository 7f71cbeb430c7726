"""The updates in HTML, newest first. Every text from the lake is escaped here."""

from collections.abc import Iterable
from datetime import datetime
from html import escape
from typing import Any
from zoneinfo import ZoneInfo

from dashboard import theme, times
from dashboard.drawing.tiles import page
from lake.vocabulary import BookingState

Update = dict[str, Any]
"""A row of the question `updates`."""

HEADINGS = ("Hospital time", "Recorded", "Ward", "Bed", "What", "Details", "Note", "By")


def table(updates: Iterable[Update], zone: ZoneInfo) -> str:
    head = "".join(f"<th>{heading}</th>" for heading in HEADINGS)
    body = "".join(_row(update, zone) for update in updates)
    return page(f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>")


def _row(update: Update, zone: ZoneInfo) -> str:
    kind = "manual" if update["is_manual"] else "automatic"
    return f"""<tr class="{kind}">
        <td class="fixed">{_stamp(update["occurred_at"], zone, "%H:%M")}</td>
        <td class="fixed quiet">{_stamp(update["recorded_at"], zone, "%H:%M:%S")}</td>
        <td class="fixed">{escape(update["ward_id"] or "")}</td>
        <td class="fixed"><b>{escape(update["bed_id"] or "")}</b></td>
        <td class="fixed">{escape(theme.words(update["event_type"]))}</td>
        <td class="details">{escape(details(update, zone))}</td>
        <td>{escape(update["note"] or "")}</td>
        <td class="fixed">{_by(update)}</td></tr>"""


def details(update: Update, zone: ZoneInfo) -> str:
    """Patient, booked time, bed status and reason, as far as the update has them."""
    starts_at, ends_at = update["starts_at"], update["ends_at"]
    has_ended = update["booking_state"] == BookingState.COMPLETED
    until = update["occurred_at"] if has_ended else ends_at
    span = f"{_short(starts_at, zone)} to {_short(until, zone)}" if starts_at else ""
    bed = f"bed {update['bed_status']}" if update["bed_status"] else ""
    parts = (update["patient_ref"], span, bed, theme.words(update["reason_code"]))
    return ", ".join(part for part in parts if part)


def _short(at: datetime | None, zone: ZoneInfo) -> str:
    if at is None:
        return "open"
    there = times.local(at, zone)
    return f"{there.day} {there:%b %H:%M}"


def _stamp(at: datetime, zone: ZoneInfo, clock: str) -> str:
    there = times.local(at, zone)
    return f"{there.day} {there:%b} {there.strftime(clock)}"


def _by(update: Update) -> str:
    actor = escape(update["actor"] or update["source"] or "")
    return f'<span class="tag">✎ manual</span> {actor}' if update["is_manual"] else actor
