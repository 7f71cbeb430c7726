"""What is known of the data itself, in HTML: checks, runs, quarantine. Texts are escaped here."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from html import escape
from typing import Any

from dashboard import theme, times
from dashboard.drawing.tiles import page

Row = dict[str, Any]

NUMBERS = {
    *("Failed rows", "Version read", "Version written", "Rows in", "Rows out", "Rows set aside"),
    *("Seconds", "Events", "seq"),
}
"""Headings of columns of numbers, which stand to the right as these do."""

MOST_EXAMPLES = 5
PASSED, FAILED = "✓ ok", "✕ failed"


def checks(rows: Iterable[Row], now: datetime) -> str:
    """Rows of the question `checks`, at wall time `now`."""
    headings = ("Check", "Table", "Newest result", "Failed rows", "Checked", "Results until now")
    return _table(headings, (_check(row, now) for row in rows))


def _check(row: Row, now: datetime) -> str:
    kind, word = ("passed", PASSED) if row["is_ok"] else ("failed", FAILED)
    name, promise = escape(theme.words(row["check_name"])), escape(row["promise"] or "")
    return f"""<tr class="{kind}"><td><b>{name}</b><br><span class="quiet">{promise}</span></td>
        <td class="fixed">{escape(row["table_name"] or "")}</td>
        <td><span class="word">{word}</span>{_broken_rows(row)}</td>
        <td class="number">{_count(row["failed_count"])}</td>
        <td class="fixed">{_ago(row["checked_at"], now)}</td>
        <td><div class="past">{_past(row["history"])}</div></td></tr>"""


def _broken_rows(row: Row) -> str:
    """The first rows that break the check; the rest is in gold.check_results."""
    examples = row["examples"] or []
    lines = [f"<br><code>{escape(example)}</code>" for example in examples[:MOST_EXAMPLES]]
    more = (row["failed_count"] or 0) - len(lines)
    if lines and more > 0:
        lines.append(f'<br><span class="quiet">and {_count(more)} more</span>')
    return "".join(lines)


def _past(history: Sequence[Row]) -> str:
    return "".join(
        f'<i{"" if one["is_ok"] else " class=failed"} title="{_told(one)}"></i>' for one in history
    )


def _told(result: Row) -> str:
    word = PASSED if result["is_ok"] else f"{FAILED}, {_count(result['failed_count'])} rows"
    return f"{_stamp(result['checked_at'])} UTC: {word}"


def runs(rows: Iterable[Row], now: datetime) -> str:
    """Rows of the questions `newest_runs` and `last_runs`."""
    headings = ("Table", "Run", "Finished", "Dates", "Version read", "Version written", "Rows in",
                "Rows out", "Rows set aside", "Seconds")  # fmt: skip
    return _table(headings, (_run(row, now) for row in rows))


def _run(row: Row, now: datetime) -> str:
    numbers = ("version_read", "version_written", "in_count", "out_count", "quarantined_count")
    cells = "".join(f'<td class="number">{_count(row[name])}</td>' for name in numbers)
    return f"""<tr><td class="fixed"><b>{escape(row["table_name"])}</b></td>
        <td class="fixed">{escape(row["run_name"])}</td>
        <td class="fixed">{_ago(row["finished_at"], now)}</td>
        <td class="fixed">{_dates(row["from_on"], row["to_on"])}</td>{cells}
        <td class="number">{row["seconds"]:.1f}</td></tr>"""


def quarantine_rules(rows: Iterable[Row], now: datetime) -> str:
    headings = ("Rule", "Events", "Newest")
    return _table(headings, (_rule(row, now) for row in rows))


def _rule(row: Row, now: datetime) -> str:
    return f"""<tr><td class="fixed"><b>{escape(theme.words(row["rule"]))}</b></td>
        <td class="number">{_count(row["event_count"])}</td>
        <td class="fixed">{_ago(row["quarantined_at"], now)}</td></tr>"""


def quarantine_newest(rows: Iterable[Row], now: datetime) -> str:
    headings = ("Newest", "What is wrong", "seq", "Set aside")
    return _table(headings, (_set_aside(row, now) for row in rows))


def _set_aside(row: Row, now: datetime) -> str:
    event = " ".join(filter(None, (theme.words(row["event_type"]), row["bed_id"])))
    source = f"by {row['source']}" if row["source"] else ""
    return f"""<tr><td class="fixed">{escape(theme.words(row["rule"]))}</td>
        <td>{escape(row["detail"] or "")}
          <span class="quiet">{escape(", ".join(filter(None, (event, source))))}</span></td>
        <td class="number">{_plain(row["seq"])}</td>
        <td class="fixed">{_ago(row["quarantined_at"], now)}</td></tr>"""


def _table(headings: Iterable[str], lines: Iterable[str]) -> str:
    head = "".join(_heading(heading) for heading in headings)
    return page(f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(lines)}</tbody></table>")


def _heading(name: str) -> str:
    return f"<th{' class=number' * (name in NUMBERS)}>{name}</th>"


def _ago(at: datetime, now: datetime) -> str:
    return f'<span title="{_stamp(at)} UTC">{times.duration(now - at)} ago</span>'


def _stamp(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M}"


def _dates(from_on: date | None, to_on: date | None) -> str:
    if from_on is None:
        return '<span class="quiet">as they come</span>'
    return f"{from_on}" if from_on == to_on else f"{from_on} to {to_on}"


def _count(number: int | None) -> str:
    return "" if number is None else f"{number:,}"


def _plain(number: int | None) -> str:
    return "" if number is None else str(number)
