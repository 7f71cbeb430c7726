"""What the whole stack costs while it runs: CPU, memory, and how late `gold.bed_board` is.

Ten minutes of the demo with one viewer, after five to warm up, and ten of a hospital without a
simulator and without anybody there. The browser is not counted. The yardstick in front tells one
hour of a machine from another.
"""

import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from bench.startup import board_is_live, seconds_until, start, stop
from bench.stream import say
from bench.viewers import MINUTES, PORTS, viewers
from lake.duck import LakeReader
from lake.places import Places
from lake.tables import BED_BOARD, BED_EVENTS

WARM_UP_SECONDS = 60 * MINUTES / 4
MEASURED_SECONDS = 60 * MINUTES / 2
EACH_SECONDS = 10.0
LOOK_EVERY_SECONDS = 0.5
WANTED_CORES, WANTED_QUIET_CORES, WANTED_GB = 0.35, 0.15, 2.2
YARDSTICK_STEPS = 10_000_000

PROGRAMS = {
    "java": "JVMs",
    "simulator.serve": "API",
    "dashboard.serve": "dashboard",
    "prefect server": "Prefect server",
    "flows.driver": "driver",
    "flow-run execute": "flow runs",
    "prefect.engine": "flow runs",
    "worker": "worker",
}


def yardstick() -> float:
    """Seconds of plain Python: a few of them on an idle machine of our kind."""
    begin = time.perf_counter()
    total = 0
    for number in range(YARDSTICK_STEPS):
        total += number * number
    return time.perf_counter() - begin


class Costs:
    """CPU seconds and memory (PSS, MB) of the processes of one SNR_HOME, by program.

    A process that ends between two looks is counted up to the last of them.
    """

    def __init__(self, home: Path) -> None:
        self._home = str(home)
        self._seen: dict[psutil.Process, float] = {}
        self.cpu: Counter[str] = Counter()
        self.memory: list[float] = []

    def look(self, *, is_measured: bool = True) -> None:
        memory = 0.0
        for process in psutil.process_iter():
            with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
                if process.environ().get("SNR_HOME") != self._home:
                    continue
                times = process.cpu_times()
                spent = times.user + times.system
                if is_measured:
                    self.cpu[_program(process)] += spent - self._seen.get(process, 0.0)
                self._seen[process] = spent
                memory += process.memory_full_info().pss / 1e6
        if is_measured:
            self.memory.append(memory)


def _program(process: psutil.Process) -> str:
    command = " ".join(process.cmdline())
    return next((name for part, name in PROGRAMS.items() if part in command), "rest")


class Lateness:
    """How long after its answer an event of a bed is in `gold.bed_board`."""

    def __init__(self, places: Places) -> None:
        self._reader = LakeReader(places, [BED_EVENTS, BED_BOARD])
        self._looks: list[tuple[datetime, int]] = []
        self._is_over = threading.Event()

    @contextmanager
    def watched(self) -> Iterator[None]:
        looking = threading.Thread(target=self._look)
        looking.start()
        try:
            yield
        finally:
            self._is_over.set()
            looking.join()

    def _look(self) -> None:
        while not self._is_over.wait(LOOK_EVERY_SECONDS):
            [(seq,)] = self._asked("SELECT max(seq) AS seq FROM gold.bed_board")
            self._looks.append((datetime.now(UTC), seq))

    def seconds(self) -> list[float]:
        first, last = self._looks[0][1], self._looks[-1][1]
        rows = self._asked(
            "SELECT seq, recorded_at FROM bronze.bed_events WHERE bed_id IS NOT NULL "
            "AND seq > $first AND seq <= $last ORDER BY seq",
            {"first": first, "last": last},
        )
        looks = iter(self._looks)
        at, come_to = next(looks)
        found = []
        for seq, recorded_at in rows:
            while come_to < seq:
                at, come_to = next(looks)
            found.append((at - recorded_at).total_seconds())
        return found

    def _asked(
        self, sql: str, parameters: dict[str, object] | None = None
    ) -> list[tuple[Any, ...]]:
        rows = self._reader.ask(sql, parameters).to_pylist()
        return [tuple(row.values()) for row in rows]


def _measured(home: Path) -> Costs:
    costs = Costs(home)
    costs.look(is_measured=False)
    end = time.monotonic() + MEASURED_SECONDS
    while time.monotonic() < end:
        time.sleep(EACH_SECONDS)
        costs.look()
    return costs


def demo(home: Path) -> None:
    with _stack(home) as places, viewers(1):
        time.sleep(WARM_UP_SECONDS)
        lateness = Lateness(places)
        with lateness.watched():
            costs = _measured(home)
        seconds = lateness.seconds()
    _tell("demo", costs, WANTED_CORES)
    middle, slow = np.quantile(seconds, [0.5, 0.95])
    say(f"answer to gold.bed_board: {middle:.1f} s, 95 % {slow:.1f} s (wanted 10), "
        f"{len(seconds)} events")  # fmt: skip


def quiet(home: Path) -> None:
    with _stack(home, "--no-simulator"):
        time.sleep(WARM_UP_SECONDS)
        costs = _measured(home)
    _tell("quiet", costs, WANTED_QUIET_CORES)


@contextmanager
def _stack(home: Path, *options: str) -> Iterator[Places]:
    with ExitStack() as ends:
        ends.callback(stop, start(home, PORTS, *options))
        seconds_until(lambda: board_is_live(PORTS))
        yield Places(home, str(home / "lake"))


def _tell(what: str, costs: Costs, wanted: float) -> None:
    cores = costs.cpu.total() / MEASURED_SECONDS
    by_program = ", ".join(f"{name} {spent:.0f}" for name, spent in costs.cpu.most_common())
    say(f"{what}: {cores:.2f} cores (wanted {wanted}), CPU seconds in {MEASURED_SECONDS:.0f}: "
        f"{by_program}")  # fmt: skip
    first, last = costs.memory[0] / 1e3, costs.memory[-1] / 1e3
    most = max(costs.memory) / 1e3
    say(f"{what}: {first:.2f} GB at first, {last:.2f} at last, {most:.2f} at most "
        f"(wanted {WANTED_GB}, flat)")  # fmt: skip


def main() -> None:
    say(f"yardstick: {yardstick():.2f} s")
    with tempfile.TemporaryDirectory() as folder:
        demo(Path(folder) / "demo")
        quiet(Path(folder) / "quiet")
    say(f"yardstick: {yardstick():.2f} s")


if __name__ == "__main__":
    main()
