"""silver.carried_events: the few events before a Monday that still matter on it.

With them the log can be read from that Monday on, and every transform gives what it would give of
the whole log: a build costs what its dates hold, however long the history. Each row stands for one
thing alone: the state of its bed, the state of its booking, or an event that is undone later.
"""

from datetime import date

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from flows.transforms.corrections import corrections
from flows.transforms.hospital_time import hospital_date
from lake.tables import CARRIED_EVENTS
from lake.vocabulary import NEEDS_CLEANING, OPEN_BOOKING_STATES

SINCE = ("status_from_at", "place_from_at")
"""Of a carried row of a bed: since when its status and its place held, which is before the row."""

BED = ["hospital_id", "bed_id", "carried_on"]
OF_THE_BOOKING = ("booking_id", "booking_state", "stay_id", "spell_id")


def of_the_log(events: DataFrame) -> DataFrame:
    """Events that are no carried ones."""
    since = {name: F.lit(None).cast("timestamp") for name in SINCE}
    return events.withColumns({**since, "carried_as": F.lit(None).cast("string")})


def carried_events(
    events: DataFrame, states: DataFrame, spans: DataFrame, beds: DataFrame, *, until_on: date
) -> DataFrame:
    """The rows of each Monday up to `until_on`; the other frames are those of the same events."""
    kinds = (
        _without(_of_beds(states, spans, beds, until_on), "bed", *OF_THE_BOOKING),
        _without(_of_bookings(events, until_on), "booking"),
        _without(_undone_later(events, until_on), "undone", *OF_THE_BOOKING),
    )
    return kinds[0].unionByName(kinds[1]).unionByName(kinds[2])


def _without(rows: DataFrame, carried_as: str, *columns: str) -> DataFrame:
    """A row that does not stand for its booking has none, so that nobody takes it for more."""
    nothing = {name: F.lit(None).cast("string") for name in columns}
    rows = rows.withColumns({"carried_as": F.lit(carried_as), **nothing})
    return rows.select(*CARRIED_EVENTS.column_names)


def _on_mondays(rows: DataFrame, on: Column, until_on: Column, last: date) -> DataFrame:
    """Each row for each Monday after the date `on`, until the date `until_on` (null: for ever)."""
    monday = F.next_day(on, "Mon")
    end = F.least(F.coalesce(until_on, F.lit(last)), F.lit(last))
    mondays = F.when(monday <= end, F.sequence(monday, end, F.expr("INTERVAL 7 DAYS")))
    return rows.withColumn("carried_on", F.explode(mondays))


def _of_beds(states: DataFrame, spans: DataFrame, beds: DataFrame, last: date) -> DataFrame:
    """The state that each bed is in, and those that began the spans of its cleaning cycle."""
    from_on = hospital_date(F.col("from_at"))
    places = _on_mondays(beds, from_on, F.col("ended_on"), last)
    places = places.select(*BED, F.col("from_at").alias("place_from_at"))
    newest = _on_mondays(states.drop(*SINCE), from_on, hospital_date(F.col("until_at")), last)
    current = _on_mondays(spans, from_on, F.col("ended_on"), last)
    current = current.select(*BED, F.col("from_at").alias("status_from_at"))
    now = newest.join(current, BED).join(places, BED)
    begun = _on_mondays(_unclean(spans), from_on, F.col("over_on"), last).select(
        *BED, "seq", F.col("from_at").alias("status_from_at")
    )
    begun = states.drop(*SINCE).join(begun, ["hospital_id", "bed_id", "seq"]).join(places, BED)
    newer = now.select(*BED, "seq")
    return now.unionByName(begun.join(newer, [*BED, "seq"], "left_anti"))


def _unclean(spans: DataFrame) -> DataFrame:
    """Spans of cleaning cycles, with the date on which the bed's cycle is over."""
    later = Window.partitionBy("hospital_id", "bed_id").orderBy("from_at")
    later = later.rowsBetween(1, Window.unboundedFollowing)
    is_unclean = F.col("bed_status").isin(*NEEDS_CLEANING)
    over_on = F.min(F.when(~is_unclean, hospital_date(F.col("from_at")))).over(later)
    return spans.withColumn("over_on", over_on).where(is_unclean)


def _of_bookings(events: DataFrame, last: date) -> DataFrame:
    """The first event of a booking while it is open, and the newest one until the next."""
    rows = events.where("booking_id IS NOT NULL AND booking_state IS NOT NULL")
    of_booking = Window.partitionBy("hospital_id", "booking_id").orderBy("seq")
    whole = of_booking.rowsBetween(Window.unboundedPreceding, Window.unboundedFollowing)
    is_open = F.col("booking_state").isin(*OPEN_BOOKING_STATES)
    newest = F.last(F.struct(is_open.alias("is_open"), "occurred_on")).over(whole)
    ended_on = F.when(~newest["is_open"], newest["occurred_on"])
    is_first = F.row_number().over(of_booking) == 1
    next_on = F.lead("occurred_on").over(of_booking)
    rows = rows.withColumns(
        {"until_on": F.when(is_first, ended_on).otherwise(next_on), "is_first": is_first}
    )
    needed = rows.where(F.col("is_first") | is_open)
    return _on_mondays(needed, F.col("occurred_on"), F.col("until_on"), last)


def _undone_later(events: DataFrame, last: date) -> DataFrame:
    undone = events.join(F.broadcast(corrections(events)), ["hospital_id", "event_id"])
    undone = _on_mondays(undone, F.col("occurred_on"), F.col("undone_on"), last)
    return undone.dropDuplicates(["hospital_id", "carried_on", "seq"])
