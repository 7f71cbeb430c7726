"""`python -m flows.driver`: the Spark session of `./snr up`, and who watches over its stream.

The flows ask for their work here. One warm JVM instead of a cold one for each run. It is
supervised: when the JVM ends, this ends, and both are started again; the locks of the tables that
it wrote are free once the JVM is gone.
"""

import os
import signal
import sys
import threading
import time
from collections.abc import Mapping
from functools import partial
from typing import Any

from pydantic import TypeAdapter
from pyspark.sql import SparkSession

from flows import build_gold
from flows.batch.plan import Plan, Run
from flows.session.lend import Asker, lending
from flows.session.wire import SessionSettings
from flows.stream import following
from flows.stream.supervision import Ending, RunProcess
from flows.stream.watch import watch
from flows.warm_up import warm_up
from lake import logs
from lake import spark as lake
from lake.places import Places
from lake.tables import SILVER_BED_EVENTS, Owner

LOOK_EVERY_SECONDS = 1.0


def stream(spark: SparkSession, places: Places, arguments: Mapping[str, Any], asker: Asker) -> None:
    """`once`, `run_name`, and the flow's process: the watcher looks for that."""
    following.run(
        places,
        once=arguments["once"],
        run_name=arguments["run_name"],
        process=RunProcess(**arguments["process"]),
        should_end=lambda: Ending.CANCELLED if asker.wants_no_more() else None,
        lent=spark,
    )


def build(spark: SparkSession, places: Places, arguments: Mapping[str, Any], asker: Asker) -> Any:
    """What the flow has planned; it owns the tables, and this JVM holds them until it is done."""
    todo = TypeAdapter(Plan).validate_python(arguments["plan"])
    by = Run(arguments["run_name"], arguments["run_id"], asker.hears, asker.wants_no_more)
    try:
        with lake.hold_in_jvm(spark, places.lock(Owner.BATCH)):
            built = build_gold.carry_out(spark, places, todo, by)
    finally:
        threading.Thread(target=lake.give_back, args=(spark,), daemon=True).start()
    return TypeAdapter(build_gold.Built).dump_python(built, mode="json")


def streamed(places: Places, arguments: Mapping[str, Any], _: Asker) -> Any:
    return following.streamed(places, arguments["run_name"])


def main() -> None:
    path = SessionSettings().spark_socket
    if path is None:
        sys.exit("SNR_SPARK_SOCKET names no socket; ./snr up sets it.")
    places, parent = Places.from_settings(), os.getppid()
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))  # the JVM ends with it
    spark = lake.session("snr", soon=True)  # it forks: threads come after it
    threading.Thread(target=watch, args=(places,), daemon=True).start()
    works = {
        "stream_bookings": partial(stream, spark, places),
        "streamed": partial(streamed, places),
        "build_gold": partial(build, spark, places),
    }
    with lending(path, works):
        if not places.exists(SILVER_BED_EVENTS):  # else there is work before it is done
            threading.Thread(target=warm_up, args=(spark,), daemon=True).start()
        while lake.is_alive(spark) and os.getppid() == parent != 1:
            time.sleep(LOOK_EVERY_SECONDS)
    lake.kill(spark)
    os._exit(1)


if __name__ == "__main__":
    logs.to_standard_error()
    main()
