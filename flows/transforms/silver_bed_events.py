"""silver.bed_events and silver.quarantine: the valid events, and what is wrong with the rest."""

from collections.abc import Iterable, Iterator

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from flows.transforms.hospital_time import IS_TIME_ZONE, hospital_date
from lake.tables import NEEDED_ALWAYS, NEEDED_BY_TYPE, SCHEMA_VERSION
from lake.versions import READ_AS
from lake.vocabulary import EventType

DUPLICATES = ("duplicate_event_id", "duplicate_seq")
"""Rules of events that came before: no fix makes them new."""


def _quoted(words: Iterable[str]) -> str:
    return ", ".join(f"'{word}'" for word in sorted(words))


def _missing() -> str:
    """The names of the columns that the event should have and has not; none: an empty text."""
    needed: list[tuple[str, tuple[str, ...]]] = [("true", NEEDED_ALWAYS)]
    needed += [(f"event_type IN ({_quoted(types)})", columns) for types, columns in NEEDED_BY_TYPE]
    names = (
        f"CASE WHEN {when} AND {column} IS NULL THEN '{column}' END"
        for when, columns in needed
        for column in columns
    )
    return f"concat_ws(', ', {', '.join(names)})"


def _checks() -> Iterator[tuple[str, str, str]]:
    """What breaks a check, the check's name, and what to say of the event."""
    yield (
        f"schema_version > {SCHEMA_VERSION}",
        "newer_schema_version",
        f"format_string('schema_version is %d, known is {SCHEMA_VERSION}', schema_version)",
    )
    yield f"{_missing()} != ''", "missing_field", f"concat({_missing()}, ' is missing')"
    yield (
        f"event_type NOT IN ({_quoted(EventType)})",
        "unknown_event_type",
        "concat('unknown event_type ', event_type)",
    )
    yield (
        f"time_zone IS NOT NULL AND NOT {IS_TIME_ZONE}",
        "unknown_time_zone",
        "concat('unknown time_zone ', time_zone)",
    )
    yield "ends_at < starts_at", "wrong_order", "'ends_at is before starts_at'"


def checked(events: DataFrame) -> DataFrame:
    """The events with `rule`, the first check that each breaks (null: none), and its `detail`.

    Spark is told them as text, in one call: of columns it would be told in hundreds, which took a
    quarter of a second for each batch of the stream.
    """
    rules = " ".join(f"WHEN {broken} THEN '{rule}'" for broken, rule, _ in _checks())
    details = " ".join(f"WHEN {broken} THEN {detail}" for broken, _, detail in _checks())
    return events.withColumns(
        {"rule": F.expr(f"CASE {rules} END"), "detail": F.expr(f"CASE {details} END")}
    )


def without_duplicates(events: DataFrame, seen: DataFrame) -> DataFrame:
    """Checked events, those marked whose `event_id` or `seq` was there before.

    `seen` holds `seq` and `event_id` of earlier batches. Within a batch the lower `seq` (of equal
    ones the lower `event_id`) is the original. Only rows that share a key are moved about: the
    wide rest is not shuffled.
    """
    keys = events.where("rule IS NULL").select("seq", "event_id")
    known = seen.join(keys, "seq", "left_semi").unionByName(
        seen.join(keys, "event_id", "left_semi")
    )
    known = known.distinct()
    marked = events
    for key in ("seq", "event_id"):
        marked = marked.join(F.broadcast(_shared(keys.unionByName(known), key)), key, "left")
    is_suspect = F.expr("rule IS NULL AND (shared_seq IS NOT NULL OR shared_event_id IS NOT NULL)")
    suspects = _originals_first(marked.where(is_suspect), known)
    rest = marked.where(~is_suspect)
    return suspects.unionByName(rest).drop("shared_seq", "shared_event_id")


def _shared(keys: DataFrame, key: str) -> DataFrame:
    counted = keys.groupBy(key).agg(F.count("*").alias(f"shared_{key}"))
    return counted.where(f"shared_{key} > 1")


def _originals_first(suspects: DataFrame, known: DataFrame) -> DataFrame:
    rows = suspects.withColumn("is_new", F.lit(True)).unionByName(
        known.withColumn("is_new", F.lit(False)), allowMissingColumns=True
    )
    same_id = Window.partitionBy("event_id").orderBy("is_new", "seq")
    rows = rows.withColumn("is_copy", F.row_number().over(same_id) > 1)
    same_seq = Window.partitionBy("seq", "is_copy").orderBy("is_new", "event_id")
    rows = rows.withColumn("is_second", F.row_number().over(same_seq) > 1)
    rule = F.expr(
        "CASE WHEN is_copy THEN 'duplicate_event_id' WHEN is_second THEN 'duplicate_seq' END"
    )
    detail = F.when(rule == "duplicate_event_id", F.concat("event_id", F.lit(" came before")))
    detail = F.coalesce(detail, F.when(rule.isNotNull(), F.concat("seq", F.lit(" came before"))))
    rows = rows.withColumns({"rule": rule, "detail": detail}).where("is_new")
    return rows.drop("is_new", "is_copy", "is_second")


def silver_bed_events(checked_events: DataFrame) -> DataFrame:
    """With every name of every version; without the salts, which stay in the log."""
    valid = checked_events.where("rule IS NULL").drop("rule", "detail", "private_salt")
    read = valid.withColumns({name: F.expr(sql) for name, sql in READ_AS.items()})
    return read.withColumn("occurred_on", hospital_date(F.col("occurred_at")))


def quarantine(checked_events: DataFrame) -> DataFrame:
    broken = checked_events.where("rule IS NOT NULL").drop("private_salt")
    return broken.withColumn("quarantined_at", F.current_timestamp())
