"""`./snr stream`: through Prefect when its server answers, else the plain function."""

from cli import prefect_runs
from lake.paths import Places


def run(*, once: bool) -> None:
    if prefect_runs.server_answers():
        prefect_runs.run("stream_bookings/stream_bookings", {"once": once})
    else:
        from flows import stream_bookings

        stream_bookings.run(Places.from_settings(), once=once)
