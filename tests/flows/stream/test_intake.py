"""What is found out about a batch before it is written: the same, however many rows it has."""

import pytest
from pyspark.sql import SparkSession

from flows.stream.intake import Summary, keys, summary_of_few, summary_of_many
from flows.transforms.silver_bed_events import checked
from lake.places import Places
from lake.spark import read_files
from lake.tables import BED_EVENTS
from tests.flows.bed_log import Row, bronze, event


def uuid(number: int) -> str:
    return f"018f0000-{number:04x}-7000-8000-{number:012x}"


def row(seq: int, **columns: object) -> Row:
    return event(seq, **{"event_id": uuid(seq), "bed_id": f"A-1-{'AB'[seq % 2]}"} | columns)


def both(spark: SparkSession, rows: list[Row]) -> tuple[Summary, Summary]:
    batch = keys(checked(bronze(spark, rows)))
    return summary_of_few(batch.collect()), summary_of_many(batch)


def test_few_rows_and_many_are_summed_up_alike(spark: SparkSession) -> None:
    broken = row(9, event_type="bed_teleported")
    few, many = both(spark, [row(3), row(4), row(5), row(6), broken, row(7, bed_id=None)])

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


def test_a_batch_without_gaps_needs_no_closer_look(spark: SparkSession) -> None:
    _, many = both(spark, [row(seq) for seq in range(5, 305)])

    assert many.valid.count == 300
    assert not many.repeats_itself


def test_a_batch_without_files_has_no_rows(spark: SparkSession, places: Places) -> None:
    """Compacting the log makes a commit that adds none."""
    empty = read_files(spark, places, BED_EVENTS, [])

    assert (empty.columns, empty.count()) == (BED_EVENTS.column_names, 0)
