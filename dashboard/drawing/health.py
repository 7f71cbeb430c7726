"""What is known of the data itself, in HTML: checks, runs, quarantine."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from dashboard import theme
from dashboard.drawing import html

Row = dict[str, Any]

MOST_EXAMPLES = 5
"""Of the rows that break a check; the rest is in gold.check_results."""


def checks(rows: Iterable[Row], now: datetime) -> str:
    """Rows of the question `checks`, at wall time `now`."""
    return html.filled("checks", rows=rows, now=now, word=_word, most_examples=MOST_EXAMPLES)


def _word(result: Row) -> str:
    return "✓ ok" if result["is_ok"] else "✕ failed"


def runs(rows: Iterable[Row], now: datetime) -> str:
    """Rows of the questions `newest_runs` and `last_runs`."""
    return html.filled("runs", rows=rows, now=now)


def quarantine_rules(rows: Iterable[Row], now: datetime) -> str:
    return html.filled("quarantine_rules", rows=rows, now=now)


def quarantine_newest(rows: Iterable[Row], now: datetime) -> str:
    return html.filled("quarantine_newest", rows=rows, now=now, event=_event)


def _event(row: Row) -> str:
    """`patient admitted W9, by hl7`, as far as the row has it."""
    what = " ".join(filter(None, (theme.words(row["event_type"]), row["bed_id"])))
    source = f"by {row['source']}" if row["source"] else ""
    return ", ".join(filter(None, (what, source)))
