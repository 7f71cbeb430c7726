"""gold.breaches: each time that a patient lay where a rule of the ward is broken."""

from datetime import UTC, datetime

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from flows.transforms.bed_states import PATIENT, merged, with_runs
from flows.transforms.hospital_time import hospital_date
from lake.clashes import ISOLATION_IN_SPARK, MIXED_SEX
from lake.vocabulary import BreachKind as B
from lake.vocabulary import Rule

IN_THE_ROOM = ("ward_id", "room_id", "is_cot", *PATIENT)
"""What is the same while a patient lies there as before: what clashes is looked for once of it."""

OVERRIDDEN_AS = {
    B.MIXED_SEX: Rule.MIXED_SEX,
    B.ISOLATION: Rule.ISOLATION_NEEDED,
    B.LEVEL_OF_CARE: Rule.NOT_TAKEN_BY_WARD,
    B.NOT_TAKEN_BY_WARD: Rule.NOT_TAKEN_BY_WARD,
}
"""The rule that an override names which explains such a breach."""

RULES = [f"array_contains(split(override_rule, ','), '{rule}')"
         for rule in sorted(set(OVERRIDDEN_AS.values()))]  # fmt: skip
IS_OVERRIDE = f"booking_id IS NOT NULL AND ({' OR '.join(RULES)})"

WEEK_SECONDS = 7 * 86_400
END = datetime(9999, 1, 1, tzinfo=UTC)
SPAN = ("hospital_id", "stay_id", "breach")

MEET = """
    a.hospital_id = b.hospital_id AND a.room_id = b.room_id AND a.week = b.week
    AND a.bed_id <> b.bed_id
    AND (a.until_at IS NULL OR a.until_at > b.from_at)
    AND (b.until_at IS NULL OR b.until_at > a.from_at)
"""


def breaches(spans: DataFrame) -> DataFrame:
    """An override explains a breach, it does not end it: of several the first one is named."""
    first = spans.withColumn("first", F.array_min("overrides"))
    return first.withColumns(
        {
            "override_event_id": F.col("first.event_id"),
            "override_reason_code": F.col("first.override_reason_code"),
            "ended_on": hospital_date(F.col("until_at")),
        }
    ).drop("first", "overrides", "time_zone")


def breach_spans(events: DataFrame, states: DataFrame, *, until: datetime) -> DataFrame:
    """Breaches that have begun by `until`, the hospital's now, with `overrides`: all that explain
    them, each with `counts_from_at`, when both it and what it explains were there.

    The states are those of the events. What is carried of a breach lasts until its Monday at least:
    what the states after it say goes on from there.
    """
    patients = _patients(states)
    broken = _alone(patients).unionByName(_together(_in_suspect_rooms(patients, until)))
    broken = broken.where(F.col("from_at") <= F.lit(until))
    return _spans(_explained(broken, events).unionByName(_carried(events)))


def overrides(events: DataFrame) -> DataFrame:
    """Events whose override may explain a breach."""
    return events.where(IS_OVERRIDE).where("coalesce(carried_as, 'override') = 'override'")


def _patients(states: DataFrame) -> DataFrame:
    """Who lies in a bed from when to when, as long as all that matters is the same. On leave nobody
    does."""
    of_bed = Window.partitionBy("hospital_id", "bed_id").orderBy("seq")
    there = states.where("current_stay_id IS NOT NULL AND leave_since_at IS NULL")
    there = there.withColumn("patient_from_at", F.lit(None).cast("timestamp"))
    runs = merged(with_runs(there, of_bed, {"patient": IN_THE_ROOM}), "patient")
    return runs.select("hospital_id", "bed_id", *IN_THE_ROOM, "time_zone", "from_at", "until_at")


def _in_suspect_rooms(patients: DataFrame, until: datetime) -> DataFrame:
    """Those in rooms and weeks in which somebody may clash: in most of them nobody can."""
    last = F.greatest("from_at", F.coalesce("until_at", F.lit(until)))
    weeks = F.sequence(_week(F.col("from_at")), _week(last))
    rows = patients.withColumn("week", F.explode(weeks))
    room = Window.partitionBy("hospital_id", "room_id", "week")
    rooms_with = F.coalesce("current_rooms_with", F.lit("unknown"))
    is_mixed = (F.min(rooms_with).over(room) != F.max(rooms_with).over(room)) | (
        F.max(rooms_with).over(room) == "unknown"
    )
    has_right = F.max("current_single_sex_from_at").over(room).isNotNull()
    is_infected = F.max("current_isolation_kind").over(room).isNotNull()
    is_exposed = F.coalesce(F.max(F.size("current_contact_of")).over(room), F.lit(0)) > 0
    is_shared = F.min("bed_id").over(room) != F.max("bed_id").over(room)
    may_clash = is_shared & ((has_right & is_mixed) | is_infected | is_exposed)
    return rows.withColumn("may_clash", may_clash).where("may_clash").drop("may_clash")


def _week(instant: Column) -> Column:
    return F.floor(F.unix_seconds(instant) / WEEK_SECONDS)


def _together(patients: DataFrame) -> DataFrame:
    """What breaks a rule while two patients lie in one room; each is affected on their own.

    They are looked for week by week, and count in the one in which they meet.
    """
    pairs = patients.alias("a").join(patients.alias("b"), F.expr(MEET))
    from_at = F.greatest("a.from_at", "b.from_at")
    pairs = pairs.where(_week(from_at) == F.col("a.week"))
    right_at = F.greatest(from_at, F.col("a.current_single_sex_from_at"))
    kinds = {
        B.MIXED_SEX: (F.expr(MIXED_SEX), right_at),
        B.ISOLATION: (F.expr(ISOLATION_IN_SPARK), from_at),
    }
    bookings = F.array("a.current_booking_id", "b.current_booking_id")
    return _broken(pairs, kinds, F.least("a.until_at", "b.until_at"), bookings)


def _alone(patients: DataFrame) -> DataFrame:
    """What the ward does not take of a patient, whoever else is there."""
    not_taken, from_at = F.col("a.current_not_taken_as"), F.col("a.from_at")
    is_level = F.array_contains(not_taken, B.LEVEL_OF_CARE.value)
    is_other = F.exists(not_taken, lambda reason: reason != B.LEVEL_OF_CARE.value)
    kinds = {B.LEVEL_OF_CARE: (is_level, from_at), B.NOT_TAKEN_BY_WARD: (is_other, from_at)}
    rows = patients.where(F.size("current_not_taken_as") > 0).alias("a")
    return _broken(rows, kinds, F.col("a.until_at"), F.array("a.current_booking_id"))


def _broken(
    rows: DataFrame, kinds: dict[B, tuple[Column, Column]], until_at: Column, bookings: Column
) -> DataFrame:
    """A row per kind that holds: which, and from when on. An override of any of the `bookings` may
    explain it."""
    found = F.array_compact(
        F.array(
            *(
                F.when(holds, F.struct(F.lit(kind.value).alias("breach"), at.alias("from_at")))
                for kind, (holds, at) in kinds.items()
            )
        )
    )
    of_a = ("current_patient_ref", "ward_id", "room_id", "bed_id", "time_zone")
    broken = rows.select(
        F.col("a.hospital_id"),
        F.col("a.current_stay_id").alias("stay_id"),
        F.struct(*(F.col(f"a.{name}") for name in of_a)).alias("where"),
        until_at.alias("until_at"),
        bookings.alias("bookings"),
        F.explode(found).alias("found"),
    ).select("*", "found.breach", "found.from_at")
    return broken.drop("found").where("until_at IS NULL OR until_at > from_at")


def _explained(broken: DataFrame, events: DataFrame) -> DataFrame:
    """With `override`, what explains it and was there before it ended."""
    rules = F.split("override_rule", ",")
    kinds = F.array_compact(
        F.array(
            *(
                F.when(F.array_contains(rules, rule.value), F.lit(kind.value))
                for kind, rule in OVERRIDDEN_AS.items()
            )
        )
    )
    said = overrides(events).select(
        "hospital_id",
        "booking_id",
        F.explode(kinds).alias("breach"),
        F.struct("seq", "event_id", "override_reason_code", "occurred_at").alias("said"),
    )
    rows = broken.withColumn("booking_id", F.explode("bookings")).drop("bookings")
    rows = rows.join(F.broadcast(said), ["hospital_id", "booking_id", "breach"], "left")
    is_in_time = F.col("until_at").isNull() | (F.col("said.occurred_at") < F.col("until_at"))
    return rows.withColumn("override", _override(F.col("said"), is_in_time)).drop("said")


def _override(said: Column, is_so: Column) -> Column:
    counts_from_at = F.greatest("from_at", said["occurred_at"])
    return F.when(
        said["seq"].isNotNull() & is_so,
        F.struct(
            said["seq"].alias("seq"),
            said["event_id"].alias("event_id"),
            said["override_reason_code"].alias("override_reason_code"),
            said["occurred_at"].alias("occurred_at"),
            counts_from_at.alias("counts_from_at"),
        ),
    )


def _carried(events: DataFrame) -> DataFrame:
    said = F.struct("seq", "event_id", "override_reason_code", "occurred_at")
    rows = events.where("carried_as = 'breach'").withColumns(
        {"from_at": F.col("breach_from_at"), "until_at": F.col("breach_until_at")}
    )
    return rows.select(
        *SPAN, "booking_id", "from_at", "until_at", _override(said, F.lit(True)).alias("override")
    ).withColumn("where", F.lit(None))


def _spans(broken: DataFrame) -> DataFrame:
    """Of one stay and kind, what overlaps or touches is one; it is where it was last."""
    of_stay = Window.partitionBy(*SPAN).orderBy("from_at")
    end = F.coalesce("until_at", F.lit(END))
    reached = F.max("end").over(of_stay.rowsBetween(Window.unboundedPreceding, -1))
    begins = F.when(F.col("from_at") <= reached, 0).otherwise(1)
    parts = broken.withColumn("end", end).withColumn("begins", begins)
    parts = parts.withColumn("nth", F.sum("begins").over(of_stay))
    last_at = F.when(F.col("where").isNotNull(), F.col("from_at"))
    spans = parts.groupBy(*SPAN, "nth").agg(
        F.min("from_at").alias("from_at"),
        F.nullif(F.max("end"), F.lit(END)).alias("until_at"),
        F.max_by("where", last_at).alias("where"),
        F.collect_set("override").alias("overrides"),
    )
    return spans.select(
        *SPAN,
        *("from_at", "until_at", "overrides"),
        F.col("where.current_patient_ref").alias("patient_ref"),
        *(f"where.{name}" for name in ("ward_id", "room_id", "bed_id", "time_zone")),
    )
