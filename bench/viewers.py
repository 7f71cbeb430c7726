"""Viewers of the dashboard, and how much memory the API and the dashboard gain while they look."""

import multiprocessing
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import chain, cycle, starmap
from pathlib import Path

import numpy as np
import psutil
from playwright.sync_api import sync_playwright

from bench.startup import board_is_live, seconds_until, start, stop
from bench.stream import say
from cli import browser as browsers

PORTS = {"SNR_API_PORT": "18010", "SNR_DASHBOARD_PORT": "18511", "SNR_PREFECT_PORT": "14210"}
MINUTES = float(os.environ.get("SNR_BENCH_MINUTES", "20"))
SETTLING_MINUTES = MINUTES / 4
EACH_SECONDS = 5.0
WANTED = 0.1

PROGRAMS = {"API": "simulator.serve", "dashboard": "dashboard.serve"}
WALKS = (("",), ("activity",), ("", "activity", "trends", "waiting", "book", "data"))
"""What the viewers look at: two stay on their page, one goes around."""
STAYS_SECONDS = 20.0
PATIENCE_SECONDS = 120.0

CHROMIUM_FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking")


def view(pages: tuple[str, ...], path: str | None) -> None:
    """One viewer, in a browser of its own (None: Playwright's), until its process is ended."""
    address = f"http://127.0.0.1:{PORTS['SNR_DASHBOARD_PORT']}"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=[*CHROMIUM_FLAGS])
        page = browser.new_page()
        page.set_default_timeout(PATIENCE_SECONDS * 1000)
        page.goto(f"{address}/{pages[0]}")
        for name in cycle(pages):
            if len(pages) > 1:
                page.goto(f"{address}/{name}")
            page.locator(".snr .age").first.wait_for()
            # Playwright's own wait: the page goes on while it lasts.
            page.wait_for_timeout(STAYS_SECONDS * 1000)


@contextmanager
def viewers(most: int | None = None) -> Iterator[None]:
    spawn = multiprocessing.get_context("spawn")
    # Here: three at once would install it three times, and two of them fail.
    found = os.environ.get("SNR_BROWSER") or browsers.find_or_install()
    path = None if found == browsers.OWN else found
    processes = [spawn.Process(target=view, args=(pages, path)) for pages in WALKS[:most]]
    for process in processes:
        process.start()
    try:
        yield
        if not all(process.is_alive() for process in processes):
            raise RuntimeError("a viewer ended before its time")
    finally:
        families = [
            psutil.Process(p.pid).children(recursive=True) for p in processes if p.is_alive()
        ]
        for process in (*processes, *chain.from_iterable(families)):
            with suppress(psutil.NoSuchProcess):
                process.terminate()
        for process in processes:
            process.join()


def programs(pid: int) -> dict[str, psutil.Process]:
    family = psutil.Process(pid).children(recursive=True)
    commands = {process: " ".join(process.cmdline()) for process in family}
    return {
        name: next(p for p, command in commands.items() if part in command)
        for name, part in PROGRAMS.items()
    }


def growth_of_the_stack() -> bool:
    """Whether the API and the dashboard keep their size; says how much they grow."""
    with tempfile.TemporaryDirectory() as folder:
        stack = start(Path(folder) / "stack", PORTS)
        try:
            seconds_until(lambda: board_is_live(PORTS))
            with viewers():
                looked = _look(programs(stack.pid))
        finally:
            stop(stack)
    return min(list(starmap(_say_growth, looked.items())))


def _look(watched: dict[str, psutil.Process]) -> dict[str, list[tuple[float, float]]]:
    """Minutes and MB of each, once all of them have settled."""
    seen: dict[str, list[tuple[float, float]]] = {name: [] for name in watched}
    began = time.monotonic()
    while (minutes := (time.monotonic() - began) / 60) < MINUTES:
        for name, process in watched.items():
            seen[name].append((minutes, process.memory_info().rss / 1e6))
        time.sleep(EACH_SECONDS)
    return seen


def _say_growth(name: str, seen: list[tuple[float, float]]) -> bool:
    """Grown is what stays: a question takes some tens of MB while it is answered, so of each minute
    the least counts."""
    least: dict[int, float] = {}
    for minute, size in seen:
        least[int(minute)] = min(size, least.get(int(minute), size))
    all_of_them = _slope([at for at in seen if at[0] >= SETTLING_MINUTES])
    slope = _slope([at for at in least.items() if at[0] >= SETTLING_MINUTES])
    say(f"{name:24} least MB by minute: {' '.join(f'{size:.0f}' for size in least.values())}")
    say(f"{name:24} {slope:7.2f} MB/minute (wanted {WANTED}; of all moments {all_of_them:.2f})")
    return slope <= WANTED


def _slope(seen: list[tuple[float, float]]) -> float:
    minutes, megabytes = np.array(seen).T
    return float(np.polyfit(minutes, megabytes, 1)[0])
