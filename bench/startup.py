"""How soon the stack is there, how soon the engine is, and what it weighs.

The reference beside the times is a bare start of Python with this project's API module.
"""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import psutil

from bench.bronze import write_log
from lake.duck import LakeReader
from lake.places import CHECKOUT, Places
from simulator.client import BookingClient
from simulator.writer.event_log import EventLog
from simulator.writer.memory import remember

EVENTS = 1_000_000
WEIGH_AFTER_SECONDS = float(os.environ.get("SNR_BENCH_WEIGH_SECONDS", "600"))
PORTS = {"SNR_API_PORT": "18000", "SNR_DASHBOARD_PORT": "18501", "SNR_PREFECT_PORT": "14200"}


def seconds_until(question: Callable[[], bool], limit: float = 300) -> float:
    start = time.perf_counter()
    while not question():
        if time.perf_counter() - start > limit:
            raise RuntimeError("not in time")
        time.sleep(0.1)
    return time.perf_counter() - start


def answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=1).is_success
    except httpx.HTTPError:
        return False


def board_is_live(ports: dict[str, str] = PORTS) -> bool:
    api, dashboard = ports["SNR_API_PORT"], ports["SNR_DASHBOARD_PORT"]
    return answers(f"http://127.0.0.1:{api}/health/ready") and answers(
        f"http://127.0.0.1:{dashboard}/_stcore/health"
    )


def head_seq() -> int:
    with BookingClient(f"http://127.0.0.1:{PORTS['SNR_API_PORT']}") as client:
        return client.ready().head_seq or 0


def streamed_seq(home: Path) -> int:
    places = Places(home, str(home / "lake"))
    answer = LakeReader(places).ask("SELECT coalesce(max(seq), 0) AS seq FROM gold.bed_board")
    return int(answer.to_pylist()[0]["seq"])


def seconds_until_streamed(home: Path) -> float:
    """Until the stream has put on the board what was newest when this was asked."""
    head = head_seq()
    return seconds_until(lambda: streamed_seq(home) >= head)


def weight(process: "subprocess.Popen[bytes]") -> float:
    """GiB of memory that the family does not share with anybody (PSS)."""
    home = psutil.Process(process.pid).environ()["SNR_HOME"]
    total = 0
    for member in psutil.process_iter():
        try:
            if member.environ().get("SNR_HOME") == home:
                total += member.memory_full_info().pss
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    return total / 1024**3


def start(home: Path, ports: dict[str, str] = PORTS, *options: str) -> "subprocess.Popen[bytes]":
    environment = os.environ | ports | {"SNR_HOME": str(home)}
    return subprocess.Popen(
        [str(CHECKOUT / "snr"), "up", *options], env=environment, stdout=subprocess.DEVNULL
    )


def stop(process: "subprocess.Popen[bytes]") -> float:
    begin = time.perf_counter()
    process.send_signal(signal.SIGTERM)
    process.wait()
    return time.perf_counter() - begin


def bare_start() -> float:
    begin = time.perf_counter()
    subprocess.run([sys.executable, "-c", "import simulator.api.app"], cwd=CHECKOUT, check=True)
    return time.perf_counter() - begin


def engine_start(home: Path) -> float:
    """Opening the log and restoring the state from a million events."""
    places = Places(home, str(home / "lake"))
    write_log(places, EVENTS, files=100)
    begin = time.perf_counter()
    EventLog(places).open()
    remember(LakeReader(places))
    return time.perf_counter() - begin


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "stack"
        first = start(home)
        seconds_until(board_is_live)
        seconds_until_streamed(home)
        stop(first)
        again = start(home)
        begin = time.perf_counter()
        board = seconds_until(board_is_live)
        seconds_until_streamed(home)
        everything = time.perf_counter() - begin
        time.sleep(WEIGH_AFTER_SECONDS)
        gigabytes = weight(again)
        ending = stop(again)
        engine = engine_start(Path(folder) / "million")
    print(f"python with the API module: {bare_start():6.1f} s (reference)")
    print(f"board live:                 {board:6.1f} s (wanted 25)")
    print(f"what is new is streamed:    {everything:6.1f} s (wanted 60)")
    print(f"engine on {EVENTS:,} events: {engine:6.1f} s (wanted 3)")
    print(f"Ctrl-C to the end:          {ending:6.1f} s (wanted 20)")
    print(f"memory after {WEIGH_AFTER_SECONDS:.0f} s:       {gigabytes:6.2f} GiB (wanted 4)")


if __name__ == "__main__":
    main()
