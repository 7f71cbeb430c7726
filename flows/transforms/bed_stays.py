"""silver.bed_stays: each stay of one patient in one bed."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from flows.transforms.corrections import as_now_known
from flows.transforms.hospital_time import hospital_date
from lake.vocabulary import BookingState, EventType

ACTIVE, COMPLETED = BookingState.ACTIVE.value, BookingState.COMPLETED.value
LAST = ("spell_id", "booking_id", "patient_ref", "ward_id", "room_id", "bed_id", "specialty",
        "disposition", "event_type", "starts_at", "occurred_at", "booking_state",
        "time_zone", "is_off_census")  # fmt: skip


def bed_stays(events: DataFrame) -> DataFrame:
    """A stay's newest row says how it stands: an admission that was cancelled leaves no stay,
    and a discharge that was cancelled leaves it open. A stay begins when its booking does."""
    rows = as_now_known(events).where("stay_id IS NOT NULL AND booking_state IS NOT NULL")
    stays = rows.groupBy("hospital_id", "stay_id").agg(F.max_by(F.struct(*LAST), "seq").alias("l"))
    stays = stays.select("hospital_id", "stay_id", "l.*")
    stays = stays.withColumnRenamed("starts_at", "admitted_at")
    return _ends(stays.where(F.col("booking_state").isin(ACTIVE, COMPLETED)))


def _ends(stays: DataFrame) -> DataFrame:
    has_ended = F.col("booking_state") == COMPLETED
    is_transfer = F.col("event_type") == EventType.PATIENT_TRANSFERRED
    ended_at = F.when(has_ended, F.col("occurred_at"))
    return stays.withColumns(
        {
            "admitted_on": hospital_date(F.col("admitted_at")),
            "ended_at": ended_at,
            "end_reason": F.when(
                has_ended, F.when(is_transfer, "transferred").otherwise("discharged")
            ),
            "disposition": F.when(has_ended, F.col("disposition")),
            "is_off_census": F.coalesce("is_off_census", F.lit(False)),
            "ended_on": hospital_date(ended_at),
        }
    ).drop("event_type", "occurred_at", "booking_state", "time_zone")
