"""What the page Data tells of checks, runs and the quarantine, and the lineage that it draws."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from dashboard.drawing import health, lineage, top

NOW = datetime(2024, 3, 4, 12, tzinfo=UTC)


def check(name: str, *, ok: bool, **columns: Any) -> dict[str, Any]:
    at = NOW - timedelta(minutes=12)
    return {
        "check_name": name, "table_name": "gold.bed_board", "is_ok": ok, "checked_at": at,
        "failed_count": 0 if ok else 1700, "promise": "No bed is <twice>.",
        "examples": [] if ok else [f'{{"bed_id": "B{nth}"}}' for nth in range(20)],
        "history": [{"checked_at": at, "is_ok": ok, "failed_count": 0 if ok else 1700}],
    } | columns  # fmt: skip


def test_a_check_that_failed_is_marked_with_its_rows_and_age() -> None:
    shown = health.checks([check("bed_id_is_unique", ok=False), check("is_fresh", ok=True)], NOW)

    assert shown.count('<tr class="failed">') == shown.count('<tr class="passed">') == 1
    assert "bed id is unique" in shown
    assert "1,700" in shown
    assert "12 min ago" in shown
    assert shown.count('<i class="failed"') == 1
    assert shown.count("<code>") == 5
    assert "and 1,695 more" in shown


def test_texts_of_the_lake_are_escaped() -> None:
    assert "No bed is &lt;twice&gt;." in health.checks([check("x", ok=False)], NOW)


def run(name: str, written: int | None, *sources: str, **columns: Any) -> dict[str, Any]:
    return {
        "table_name": name, "run_name": "by hand", "sources": [*sources], "seconds": 1.25,
        "version_written": written, "version_read": None, "in_count": 9, "out_count": 3,
        "quarantined_count": 0, "from_on": date(2024, 3, 1), "to_on": date(2024, 3, 4),
        "finished_at": NOW - timedelta(hours=2),
    } | columns  # fmt: skip


def test_a_run_is_told_with_its_dates_versions_and_age() -> None:
    shown = health.runs([run("gold.ward_daily", 7), run("x", 1, from_on=None, to_on=None)], NOW)

    assert "2024-03-01 to 2024-03-04" in shown
    assert "2 h 00 ago" in shown
    assert '<td class="number">7</td>' in shown
    assert "as they come" in shown


def test_an_event_that_was_set_aside_says_why() -> None:
    event = {"rule": "unknown_bed", "detail": "No bed W9", "seq": 1234567, "source": "hl7",
             "event_type": "patient_admitted", "bed_id": "W9", "quarantined_at": NOW}  # fmt: skip

    shown = health.quarantine_newest([event], NOW)

    assert "No bed W9" in shown
    assert "patient admitted W9, by hl7" in shown
    assert ">1234567<" in shown


def test_the_lineage_leads_from_what_was_read_to_what_was_made_of_it() -> None:
    drawn = lineage.dot([
        run("gold.ward_daily", 3, "silver.bed_events@7", "silver.carried_events@2"),
        run("silver.bed_events", 9, "bronze.bed_events@40"),
        run("gold.bed_board", 8, "bronze.bed_events@41"),
    ]).splitlines()  # fmt: skip

    nodes = {line.split('"')[1]: line for line in drawn if " [label=" in line}
    assert [*nodes] == ["bronze.bed_events", "gold.bed_board", "gold.ward_daily",
                        "silver.bed_events", "silver.carried_events"]  # fmt: skip
    # The newest version that is known: written by a run, or read by one.
    assert "version 9" in nodes["silver.bed_events"]
    assert "version 41" in nodes["bronze.bed_events"]
    assert "version 2" in nodes["silver.carried_events"]
    arrows = {line.split(" [")[0].strip() for line in drawn if "->" in line}
    assert arrows == {
        '"bronze.bed_events" -> "gold.bed_board"',
        '"bronze.bed_events" -> "silver.bed_events"',
        '"silver.bed_events" -> "gold.ward_daily"',
        '"silver.carried_events" -> "gold.ward_daily"',
    }
    assert any("made from version 7 of silver.bed_events" in line for line in drawn)


def test_a_quote_in_a_name_does_not_end_the_text_around_it() -> None:
    drawn = lineage.dot([run("gold.x", 1, run_name='by "hand"')])

    assert 'tooltip="by \\"hand\\": 3 rows"' in drawn


def test_the_ribbon_names_the_first_check_that_failed_and_counts_the_others() -> None:
    one, two = {"check_name": "board_is_fresh"}, {"check_name": "seq_is_gapless"}

    assert top.failed_checks([one]) == "Data check not passed: “board is fresh”"
    assert top.failed_checks([one, two]).endswith("“board is fresh” and 1 more")
