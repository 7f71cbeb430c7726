"""silver.carried_events: the few events before a Monday that still matter on it.

With them the log can be read from that Monday on, and every transform gives what it would give of
the whole log: a build costs what its dates hold, however long the history. Each row stands for one
thing alone: the state of its bed, the state of its booking, an override of it, a breach that lasts,
or an event that is undone later.
"""

from datetime import date

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from flows.transforms.breaches import overrides
from flows.transforms.corrections import corrections
from flows.transforms.hospital_time import day_begins, hospital_date
from lake.tables import CARRIED_EVENTS
from lake.vocabulary import NEEDS_CLEANING, OPEN_BOOKING_STATES

SINCE = ("status_from_at", "place_from_at")
"""Of a carried row of a bed: since when its status and its place held, which is before the row."""

OF_A_BREACH = {"breach": "string", "breach_from_at": "timestamp", "breach_until_at": "timestamp"}
"""Of a carried breach: its kind, since when it lasts, and the Monday's midnight that it lasts over.
Who is affected, and where, is in the state of the bed."""

OF_AN_OVERRIDE = ("hospital_id", "seq", "event_id", "occurred_at", "occurred_on", "booking_id",
                  "override_rule", "override_reason_code", "time_zone")  # fmt: skip
OF_THE_BOOKING = ("booking_id", "booking_state", "stay_id", "spell_id")


def of_the_log(events: DataFrame) -> DataFrame:
    """Events that are no carried ones."""
    types = dict.fromkeys(SINCE, "timestamp") | OF_A_BREACH | {"carried_as": "string"}
    return events.withColumns({name: F.lit(None).cast(type_) for name, type_ in types.items()})


def carried_events(
    events: DataFrame, states: DataFrame, breach_spans: DataFrame, *, until_on: date
) -> DataFrame:
    """The rows of each Monday up to `until_on`; states and spans are those of the same events.

    A row that does not stand for its booking says nothing of it, so that nobody takes it for more.
    """
    bookings = _of("booking", _of_bookings(events, until_on))
    beds = _of("bed", _of_beds(states, until_on))
    undone = _of("undone", _undone_later(events, until_on).drop(*OF_THE_BOOKING))
    overridden = _of("override", _of_overrides(events, until_on))
    broken = _of("breach", _of_breaches(breach_spans, until_on))
    rows = bookings
    for more in (beds, undone, overridden, broken):
        rows = rows.unionByName(more, allowMissingColumns=True)
    return rows


def _of(carried_as: str, rows: DataFrame) -> DataFrame:
    rows = rows.withColumn("carried_as", F.lit(carried_as))
    return rows.select(*(name for name in CARRIED_EVENTS.column_names if name in rows.columns))


def _on_mondays(rows: DataFrame, on: Column, until_on: Column, last: date) -> DataFrame:
    """Each row for each Monday after the date `on`, until the date `until_on` (null: for ever)."""
    monday = F.next_day(on, "Mon")
    end = F.least(F.coalesce(until_on, F.lit(last)), F.lit(last))
    mondays = F.when(monday <= end, F.sequence(monday, end, F.expr("INTERVAL 7 DAYS")))
    return rows.withColumn("carried_on", F.explode(mondays))


def _of_beds(states: DataFrame, last: date) -> DataFrame:
    """The state that each bed is in, and after it those that began a span of its cleaning cycle,
    until that is over."""
    from_on, until_on = hospital_date(F.col("from_at")), hospital_date(F.col("until_at"))
    current = _on_mondays(states, from_on, until_on, last)
    begun = _on_mondays(_unclean(states), until_on, hospital_date(F.col("clean_at")), last)
    return current.unionByName(begun.drop("clean_at"))


def _unclean(states: DataFrame) -> DataFrame:
    """States that begin a span of a cleaning cycle, with the end of the cycle."""
    of_bed = Window.partitionBy("hospital_id", "bed_id").orderBy("seq")
    unclean = states.where(F.col("bed_status").isin(*NEEDS_CLEANING))
    is_first = F.coalesce(F.lag("until_at").over(of_bed) != F.col("from_at"), F.lit(True))
    unclean = unclean.withColumn("is_first", is_first)
    nth = F.count_if("is_first").over(of_bed)
    of_cycle = Window.partitionBy("hospital_id", "bed_id", "nth")
    goes_on = F.bool_or(F.col("until_at").isNull()).over(of_cycle)
    clean_at = F.when(~goes_on, F.max("until_at").over(of_cycle))
    cycles = unclean.withColumn("nth", nth).withColumn("clean_at", clean_at)
    return cycles.where("status_begins").drop("is_first", "nth")


def _of_bookings(events: DataFrame, last: date) -> DataFrame:
    """The first event of a booking while it is open, and the newest one until the next.

    What is written down late may lie before a Monday, and an older entry of the booking after it:
    the newest one is carried as long as there are such.
    """
    rows = events.where("booking_id IS NOT NULL AND booking_state IS NOT NULL")
    of_booking = Window.partitionBy("hospital_id", "booking_id").orderBy("seq")
    whole = of_booking.rowsBetween(Window.unboundedPreceding, Window.unboundedFollowing)
    is_open = F.col("booking_state").isin(*OPEN_BOOKING_STATES)
    ended_on = F.when(~F.last(is_open).over(whole), F.max("occurred_on").over(whole))
    is_first = F.row_number().over(of_booking) == 1
    later = of_booking.rowsBetween(1, Window.unboundedFollowing)
    next_on = F.min("occurred_on").over(later)
    until_on = F.when(is_first, ended_on).when(is_open, next_on)
    until_on = until_on.otherwise(F.least(next_on, F.max("occurred_on").over(whole)))
    rows = rows.withColumns(
        {"until_on": until_on, "is_needed": is_first | is_open | (until_on > F.col("occurred_on"))}
    )
    needed = rows.where("is_needed")
    return _on_mondays(needed, F.col("occurred_on"), F.col("until_on"), last)


def _of_overrides(events: DataFrame, last: date) -> DataFrame:
    """What may explain a breach, until its booking has ended."""
    of_booking = events.where("booking_id IS NOT NULL AND booking_state IS NOT NULL").groupBy(
        "hospital_id", "booking_id"
    )
    is_open = F.col("booking_state").isin(*OPEN_BOOKING_STATES)
    ends = of_booking.agg(
        F.max_by(is_open, "seq").alias("is_open"), F.max("occurred_on").alias("newest_on")
    )
    rows = overrides(events).select(*OF_AN_OVERRIDE).join(ends, ["hospital_id", "booking_id"])
    ended_on = F.when(~F.col("is_open"), F.col("newest_on"))
    return _on_mondays(rows, F.col("occurred_on"), ended_on, last)


def _of_breaches(spans: DataFrame, last: date) -> DataFrame:
    """Breaches that last over the Monday's midnight, with the first override that explains what
    was of them until then."""
    from_on, until_on = hospital_date(F.col("from_at")), hospital_date(F.col("until_at"))
    lasting = _on_mondays(spans, from_on, until_on, last)
    midnight = day_begins(F.col("carried_on"))
    first = F.array_min(F.filter("overrides", lambda one: one["counts_from_at"] < midnight))
    named = {"breach_from_at": F.col("from_at"), "breach_until_at": midnight}
    return lasting.withColumns(named | {"first": first}).select(
        *("carried_on", "hospital_id", "stay_id", *OF_A_BREACH, "time_zone"),
        *("first.seq", "first.event_id", "first.override_reason_code", "first.occurred_at"),
    )


def _undone_later(events: DataFrame, last: date) -> DataFrame:
    """Of an event that is carried more than once, the row that stands for it alone."""
    itself = events.where("coalesce(carried_as, 'undone') = 'undone'")
    undone = itself.join(F.broadcast(corrections(events)), ["hospital_id", "event_id"])
    undone = _on_mondays(undone, F.col("occurred_on"), F.col("undone_on"), last)
    return undone.dropDuplicates(["hospital_id", "carried_on", "seq"])
