"""What is found out about a batch before it is written: the same, however many rows it has."""

from pathlib import Path
from urllib.parse import quote, unquote

import pytest
from deltalake import DeltaTable
from pyspark.sql import SparkSession

from flows.stream.intake import Summary, fetched, keys, summary_of_few, summary_of_many
from flows.transforms.silver_bed_events import checked
from lake.arrow import files
from lake.places import Places
from lake.spark import from_arrow, read_files
from lake.tables import BED_EVENTS
from tests.flows.bed_log import Row, bronze, event, write_bronze


def uuid(number: int) -> str:
    return f"018f0000-{number:04x}-7000-8000-{number:012x}"


def row(seq: int, **columns: object) -> Row:
    return event(seq, **{"event_id": uuid(seq), "bed_id": f"A-1-{'AB'[seq % 2]}"} | columns)


def both(spark: SparkSession, rows: list[Row]) -> tuple[Summary, Summary]:
    batch = checked(bronze(spark, rows))
    return summary_of_few(fetched(batch, len(rows))), summary_of_many(keys(batch))


def test_few_rows_and_many_are_summed_up_alike(spark: SparkSession) -> None:
    broken = row(9, event_type="bed_teleported")
    few, many = both(spark, [row(3), row(4), row(5), row(6), broken, row(7, bed_id=None)])

    assert few.hospital_id == many.hospital_id == broken["hospital_id"]
    assert few.valid == many.valid
    assert (few.valid.count, few.valid.low_seq, few.valid.high_seq) == (4, 3, 6)
    assert (few.valid.low_id, few.valid.high_id) == (0x018F00000003, 0x018F00000006)
    assert (few.broken_count, many.broken_count) == (2, 2)
    assert sorted(few.newest) == sorted(many.newest) == [5, 6]
    assert (few.repeats_itself, many.repeats_itself) == (False, False)


@pytest.mark.parametrize(
    "rows",
    [
        pytest.param([row(1), row(2), row(2, event_id=uuid(8)), row(4)], id="a seq comes twice"),
        pytest.param([row(1), row(2), row(3, event_id=uuid(2))], id="an id comes twice"),
        pytest.param([row(1), row(1), row(4), row(4)], id="rows come in pairs"),
    ],
)
def test_a_batch_that_repeats_itself_is_looked_at_more_closely(
    spark: SparkSession, rows: list[Row]
) -> None:
    few, many = both(spark, rows)

    assert few.repeats_itself
    assert many.repeats_itself


def test_a_batch_of_which_all_is_broken_is_summed_up_alike(spark: SparkSession) -> None:
    few, many = both(spark, [row(3, event_type="bed_teleported"), row(4, event_id=None)])

    assert few.valid.count == many.valid.count == 0
    assert (few.broken_count, few.hospital_id, few.newest) == (2, many.hospital_id, many.newest)


@pytest.mark.parametrize("event_id", ["", "abc-def", "zzz", "018F0000-0009", "-1"])
def test_ids_that_are_no_uuids_are_summed_up_alike(spark: SparkSession, event_id: str) -> None:
    few, many = both(spark, [row(3), row(4, event_id=event_id)])

    assert few.valid == many.valid


def test_a_batch_without_gaps_needs_no_closer_look(spark: SparkSession) -> None:
    _, many = both(spark, [row(seq) for seq in range(5, 305)])

    assert many.valid.count == 300
    assert not many.repeats_itself


def test_a_batch_without_files_has_no_rows(spark: SparkSession, places: Places) -> None:
    """Compacting the log makes a commit that adds none."""
    empty = from_arrow(spark, files(places, BED_EVENTS, []).to_table())

    assert (empty.columns, empty.count()) == (BED_EVENTS.column_names, 0)


def test_files_are_read_alike_here_and_by_spark(spark: SparkSession, tmp_path: Path) -> None:
    """Also where they lie in a folder with an unusual name, and the table has forgotten them."""
    home = tmp_path / "St. Mary's 50 % ward"
    places = Places(home, str(home / "lake"))
    for seq in (1, 2):
        write_bronze(places, [row(seq, override_rules=["one", "two"], note="né")])
    table = DeltaTable(places.table(BED_EVENTS))
    uris = [f"file:{quote(unquote(path))}" for path in table.file_uris()]
    table.optimize.compact()

    here = from_arrow(spark, files(places, BED_EVENTS, uris).to_table())
    there = read_files(spark, places, BED_EVENTS, uris)

    assert sorted(here.collect()) == sorted(there.collect())
    assert here.schema == there.schema
    assert [r["seq"] for r in here.orderBy("seq").collect()] == [1, 2]
