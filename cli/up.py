"""`./snr up`: looks before it starts, starts everything, shows where it is, stops it all."""

import os
import signal
import socket
import subprocess
import sys
import time
from types import FrameType

import httpx
from rich.console import Console
from rich.table import Table

from cli import first_people
from cli.settings import StackSettings
from cli.stack import Program, Stack
from flows.stream.pace import PaceSettings
from lake.auth import Auth
from lake.errors import LakeError
from lake.places import Places
from lake.reach import Reach, refuse_a_demo
from lake.tables import BED_EVENTS, Owner
from lake.upkeep.ownership import own
from lake.vocabulary import LakeMode
from simulator.settings import ApiSettings

PATIENCE_SECONDS = 300
ALL_UP_SECONDS = 120
EACH_SECONDS = 0.3
FIRST_START = " (this first start writes {days} days of simulated history)"


def run(*, speed: float | None, simulator: bool, auth: Auth) -> None:
    stack = Stack(Places.from_settings(), StackSettings())
    PaceSettings()
    os.environ["SNR_AUTH"] = auth
    os.environ["SNR_SIMULATOR"] = str(simulator).lower()
    if speed is not None:
        os.environ["SNR_SPEED"] = str(speed)
    reach = Reach()
    look_first(stack)
    refuse_a_demo(stack.places, reach)
    if auth is Auth.ON:
        os.environ["SNR_DASHBOARD_TOKEN"] = first_people.dashboard_token(stack.places)
    signal.signal(signal.SIGTERM, _interrupt)
    console = Console(stderr=True)
    writes_history = simulator and not stack.places.exists(BED_EVENTS)
    history = FIRST_START.format(days=ApiSettings().history_days) if writes_history else ""
    console.print(f"Starting ...{history}")
    process = stack.start()
    try:
        _wait(stack, process, console, auth)
    except KeyboardInterrupt:
        console.print("Stopping ...")
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        stack.stop(process.pid)
        process.wait()
    console.print("Stopped.")


def _interrupt(_: int, __: FrameType | None) -> None:
    raise KeyboardInterrupt


def look_first(stack: Stack) -> None:
    """Refuse within a moment what cannot work, with the cause and the fix."""
    home = stack.places.home
    if stack.pid:
        raise LakeError(
            f"`up` already runs on {home} (process {stack.pid}).",
            "./snr status shows it; ./snr down stops it; or use another SNR_HOME.",
        )
    try:
        home.mkdir(parents=True, exist_ok=True)
        with own(stack.places, Owner.ENGINE, "./snr up"):
            pass
    except OSError as error:
        raise LakeError(
            f"{home} cannot be written: {error.strerror}.",
            "Name a folder of your own: SNR_HOME=~/snr ./snr up",
        ) from None
    s = stack.settings
    ports = {
        "SNR_API_PORT": s.api_port,
        "SNR_DASHBOARD_PORT": s.dashboard_port,
        "SNR_PREFECT_PORT": s.prefect_port,
    }
    if len(set(ports.values())) < len(ports):
        raise LakeError("Two of the three ports are the same.", "Set SNR_..._PORT apart.")
    for variable, port in ports.items():
        if is_taken(port):
            raise LakeError(
                f"Port {port} is taken by another program.",
                f"Stop that program, or choose another port: {variable}={port + 1000} ./snr up",
            )


def is_taken(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return True
    return False


def _wait(stack: Stack, process: "subprocess.Popen[bytes]", console: Console, auth: Auth) -> None:
    """Until Ctrl-C, or supervisord ends (after `./snr down`)."""
    start = time.monotonic()
    board = [program for program in stack.programs if program.name in ("api", "dashboard")]
    _until_healthy(board, process, start + PATIENCE_SECONDS)
    console.print(f"The board is live after {time.monotonic() - start:.0f} s.")
    _addresses(stack, auth)
    if auth is Auth.ON:
        is_new = first_people.introduce(stack.places, is_demo=_is_demo(stack))
        if not is_new:
            console.print("Who can sign in: ./snr user list; a new password: ./snr user reset NAME")
    console.print("Ctrl-C stops everything. The worker and the stream follow in a moment.")
    rest = [program for program in stack.programs if program.health]
    try:
        _until_healthy(rest, process, time.monotonic() + ALL_UP_SECONDS)
        console.print(f"Prefect answers after {time.monotonic() - start:.0f} s.")
    except LakeError as error:
        console.print(f"{error} Booking and the live board go on. {error.fix}")
    while process.poll() is None:
        time.sleep(0.5)


def _until_healthy(
    programs: list[Program], process: "subprocess.Popen[bytes]", limit: float
) -> None:
    waiting = list(programs)
    # One client: to make another takes more than to ask.
    with httpx.Client(timeout=2) as client:
        while waiting:
            _refuse_waiting(waiting, process, limit)
            waiting = [program for program in waiting if not is_healthy(program, client)]
            time.sleep(EACH_SECONDS)


def _refuse_waiting(
    waiting: list[Program], process: "subprocess.Popen[bytes]", limit: float
) -> None:
    """Raises LakeError when there is nothing to wait for, or it takes too long."""
    if process.poll() is not None:
        raise LakeError(
            "The supervisor ended before everything was up.", "Its log is in logs/ of SNR_HOME."
        )
    if time.monotonic() > limit:
        names = ", ".join(program.name for program in waiting)
        raise LakeError(f"{names} did not come up.", "See logs/ in SNR_HOME, ./snr doctor.")


def is_healthy(program: Program, client: httpx.Client) -> bool:
    try:
        return client.get(program.health).is_success
    except httpx.HTTPError:
        return False


def _is_demo(stack: Stack) -> bool:
    """What the API says that the lake is."""
    answer = httpx.get(f"http://127.0.0.1:{stack.settings.api_port}/health/ready", timeout=5)
    return bool(answer.json().get("mode") == LakeMode.DEMO)


def _addresses(stack: Stack, auth: Auth) -> None:
    table = Table(title="SNR Hospitals")
    table.add_column("what")
    table.add_column("where")
    names = {"dashboard": "Board", "api": "API", "prefect": "Prefect UI"}
    addresses = {program.name: program.address for program in stack.programs}
    if public := Reach().public_url:
        addresses["dashboard"] = public
    for name, title in names.items():
        table.add_row(title, addresses[name])
    table.add_row("Lake", stack.places.lake_url)
    table.add_row("Logs", str(stack.places.logs))
    if auth is Auth.ON:
        table.add_row("Password of the Prefect UI", f"in {stack.places.prefect_secret}")
    Console(file=sys.stdout, soft_wrap=True).print(table)
