"""Each bed's states on the line of time: what beds, spans and census are read from."""

from collections.abc import Mapping

from pyspark.sql import DataFrame, Window, WindowSpec
from pyspark.sql import functions as F

from flows.transforms.corrections import with_what_never_was
from flows.transforms.hospital_time import hospital_date
from lake.vocabulary import EventType

STATUS = ("ward_id", "room_id", "bed_status", "is_staffed", "is_closed_to_admissions",
          "is_on_leave", "is_off_census")  # fmt: skip
PLACE = ("room_id", "ward_id", "ward_name", "specialty", "room_class", "is_staffed")
RUNS = {"status": STATUS, "place": PLACE}
"""What neighbouring states may share: one span of a status, the time in one place."""

ON_LEAVE = "leave_since_at"
PATIENT = ("current_stay_id", "current_booking_id", "current_patient_ref", ON_LEAVE,
           "current_rooms_with", "current_placed_with_patient_ref", "current_single_sex_from_at",
           "current_isolation_kind", "current_infection", "current_contact_of",
           "current_not_taken_as")  # fmt: skip
"""Who is in the bed, and what matters of them to those who share the room."""

CLOSED = ("room_closed_reason_code", "ward_closed_reason_code")
OF_A_STATE = ("hospital_id", "seq", "event_id", "event_type", "occurred_at", "occurred_on",
              "bed_id", "time_zone", "status_from_at", "place_from_at",
              "is_cot", *CLOSED, *dict.fromkeys((*PATIENT, *STATUS, *PLACE)))  # fmt: skip
"""What is kept of an event as a state of its bed: there are nearly as many as events."""

IN_BED = ("bed_status", "is_on_leave", *PATIENT)
"""What is otherwise between an event and its correction: as it was before that event."""

OF_A_BED = "bed_id IS NOT NULL AND coalesce(carried_as, 'bed') = 'bed'"


def bed_states(events: DataFrame) -> DataFrame:
    """Bed events with the interval `[from_at, until_at)` in which each was the bed's state.

    At an instant the highest `seq` of those up to it is the state: what is written down late, with
    an earlier time than a note before it, is not undone by that note. After its retirement a bed
    has none. Between an event and its correction the bed's status is what it was before that event,
    and who is in the bed is who was there then.

    Neighbours may agree in their status, and in their place: of both runs a state says since when
    they last (`status_from_at`), and whether it is the first or last of them (`status_begins`,
    `status_ends`). Of a carried state the event says since when.
    """
    of_bed = Window.partitionBy("hospital_id", "bed_id").orderBy("seq")
    in_bed = F.struct(*IN_BED)
    was = F.last(F.when(~F.col("never_was"), in_bed), ignorenulls=True).over(of_bed)
    rows = with_what_never_was(events).where(OF_A_BED)
    rows = rows.withColumns(
        {
            "is_closed_to_admissions": F.coalesce(*CLOSED).isNotNull(),
            "is_on_leave": F.col(ON_LEAVE).isNotNull(),
            "is_off_census": F.coalesce("is_off_census", F.lit(False)),
        }
    )
    rows = rows.select(*OF_A_STATE, "never_was")
    rows = rows.withColumns(
        {
            "from_at": F.col("occurred_at"),
            "until_at": F.min("occurred_at").over(of_bed.rowsBetween(1, Window.unboundedFollowing)),
            "was": F.coalesce(was, in_bed),
        }
    )
    lasting = rows.where("until_at IS NULL OR until_at > from_at")
    lasting = lasting.withColumns({name: F.col(f"was.{name}") for name in IN_BED})
    lasting = lasting.drop("was", "never_was")
    return with_runs(lasting.where(F.col("event_type") != EventType.BED_RETIRED), of_bed, RUNS)


def with_runs(
    states: DataFrame, of_bed: WindowSpec, runs: Mapping[str, tuple[str, ...]]
) -> DataFrame:
    """Of each run that is carried since when it lasts, a state says so in `<run>_from_at`."""
    bounds, since = {}, {}
    for run, same in runs.items():
        before = F.lag(F.struct("until_at", *same)).over(of_bed)
        after = F.lead(F.struct("from_at", *same)).over(of_bed)
        bounds[f"{run}_begins"] = ~before.eqNullSafe(F.struct("from_at", *same))
        bounds[f"{run}_ends"] = ~after.eqNullSafe(F.struct("until_at", *same))
        begin = F.when(F.col(f"{run}_begins"), F.coalesce(f"{run}_from_at", "from_at"))
        since[f"{run}_from_at"] = F.last(begin, ignorenulls=True).over(of_bed)
    return states.withColumns(bounds).withColumns(since)


def merged(states: DataFrame, run: str) -> DataFrame:
    """One row per run of states, from its first one's `from_at` to its last one's `until_at`."""
    return (
        states.where(f"{run}_ends")
        .withColumn("from_at", F.col(f"{run}_from_at"))
        .withColumn("ended_on", hospital_date(F.col("until_at")))
    )
