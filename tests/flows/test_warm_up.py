from pyspark.sql import SparkSession
from structlog.testing import capture_logs

from flows.warm_up import warm_up


def test_a_warm_up_goes_the_whole_way_and_leaves_nothing_running(spark: SparkSession) -> None:
    with capture_logs() as told:
        warm_up(spark)
    assert told == []
    assert spark.streams.active == []
