"""Each bed's states on the line of time: what beds, spans and census are read from."""

from collections.abc import Sequence

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from flows.transforms.corrections import with_what_never_was
from lake.vocabulary import EventType

OF_A_BED = "bed_id IS NOT NULL AND coalesce(carried_as, 'bed') = 'bed'"


def bed_states(events: DataFrame) -> DataFrame:
    """Bed events with the interval `[from_at, until_at)` in which each was the bed's state.

    Of equal instants the highest `seq` is the state. After its retirement a bed has none. Between
    an event and its correction the bed's status is what it was before that event.
    """
    of_bed = Window.partitionBy("hospital_id", "bed_id").orderBy("occurred_at", "seq")
    status = F.when(~F.col("never_was"), F.col("bed_status"))
    rows = (
        with_what_never_was(events)
        .where(OF_A_BED)
        .withColumns(
            {
                "from_at": F.col("occurred_at"),
                "until_at": F.lead("occurred_at").over(of_bed),
                "bed_status": F.coalesce(
                    F.last(status, ignorenulls=True).over(of_bed), "bed_status"
                ),
            }
        )
    )
    lasting = rows.where("until_at IS NULL OR until_at > from_at")
    return lasting.where(F.col("event_type") != EventType.BED_RETIRED)


def merged(states: DataFrame, same: Sequence[str], since: str) -> DataFrame:
    """Neighbouring states that agree in the columns `same`, made one; `seq` is of the first.

    Of a carried state the column `since` says from when on they agreed before it.
    """
    of_bed = Window.partitionBy("hospital_id", "bed_id").orderBy("from_at")
    goes_on = (F.lag("until_at").over(of_bed) == F.col("from_at")) & F.lag(F.struct(*same)).over(
        of_bed
    ).eqNullSafe(F.struct(*same))
    begins = F.when(F.coalesce(goes_on, F.lit(False)), 0).otherwise(1)
    numbered = states.withColumn("begins", begins).withColumn("nth", F.sum("begins").over(of_bed))
    whole = numbered.groupBy("hospital_id", "bed_id", "nth", *same).agg(
        F.min(F.coalesce(since, "from_at")).alias("from_at"),
        F.max_by("until_at", "from_at").alias("until_at"),
        F.max_by("time_zone", "from_at").alias("time_zone"),
        F.min_by("seq", "from_at").alias("seq"),
    )
    return whole.drop("nth")
