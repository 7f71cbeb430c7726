"""`./snr test`: runs pytest, all of it in parts that fit the machine, and says what it covered."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

from typer import BadParameter

from cli import browser
from lake.places import CHECKOUT

SIDE_BY_SIDE = ("--numprocesses=logical", "--maxprocesses=4", "--dist=loadfile")
FAST = (*SIDE_BY_SIDE, "-m", "not jvm and not stack and not fuzzer")
BESIDE_STACK = (*SIDE_BY_SIDE, "-m", "not jvm and not stack")
WITH_JVM = (*SIDE_BY_SIDE, "--no-loadscope-reorder", "-m", "jvm and not stack")
"""In the order of tests/conftest.py: of a file that takes long the others are done beside it."""
WITH_STACK = ("-m", "stack", "tests/system")
"""The stack has the machine nearly for itself: its tests ask how soon things come back."""

GIVES_WAY = "15"
"""More than a build, which gives way to the stream: the stack waits for its builds."""

IN_MEMORY = Path("/dev/shm")  # noqa: S108 - only where it is there
"""A small test mostly waits for a disk to say that it has written; the stack's tests have one."""
MOST_TEMPORARY_BYTES = 2 << 30

NO_BYTECODE = "PYTHONDONTWRITEBYTECODE"
"""Images of containers set it, for processes that start once. A run starts a hundred, and each
would compile all that it loads anew."""

PYTEST = (sys.executable, "-m", "pytest")
COVERAGE = (sys.executable, "-m", "coverage")


def run(arguments: list[str], *, fast: bool, long: bool) -> None:
    """All tests, the quick ones (no JVM, stack or fuzzer), or what the arguments say.

    Exits with pytest's code, or coverage's where less is covered than pyproject.toml asks for.
    """
    if fast and long:
        raise BadParameter("--fast and --long exclude each other.")
    more = [*(["--long"] if long else []), *arguments]
    environment = os.environ | {"DO_NOT_TRACK": "1"}
    environment.pop(NO_BYTECODE, None)
    if fast:
        code = _pytest(*FAST, *more, environment=environment | _temporary_files())
    elif arguments:
        code = _pytest(*more, environment=environment | {"SNR_BROWSER": browser.find_or_install()})
    else:
        code = _everything(more, environment | {"SNR_BROWSER": browser.find_or_install()})
    if code:
        sys.exit(code)


def _temporary_files() -> dict[str, str]:
    """What tells pytest to keep them in memory where there is room."""
    if not IN_MEMORY.is_dir() or shutil.disk_usage(IN_MEMORY).free < MOST_TEMPORARY_BYTES:
        return {}
    return {"PYTEST_DEBUG_TEMPROOT": str(IN_MEMORY)}


def _everything(more: list[str], environment: dict[str, str]) -> int:
    with tempfile.TemporaryDirectory(prefix="snr-coverage-") as folder:
        measured = environment | {
            "COVERAGE_PROCESS_START": str(CHECKOUT / "pyproject.toml"),
            "COVERAGE_FILE": str(Path(folder, "coverage")),
        }
        if sys.version_info >= (3, 12):
            measured["COVERAGE_CORE"] = "sysmon"  # costs next to nothing
        codes = [
            _pytest(*WITH_JVM, *more, environment=measured | _temporary_files()),
            _stack_and_fast_ones_beside_it(more, environment, measured),
        ]
        failed = next((code for code in codes if code), 0)
        return failed or _covered(measured)


def _stack_and_fast_ones_beside_it(
    more: list[str], environment: dict[str, str], measured: dict[str, str]
) -> int:
    """The stack waits most of the time; what runs beside it gives way to it.

    The stack is not measured: that would slow down what is asked how soon it comes back.
    """
    with tempfile.TemporaryFile("w+") as told:
        command = ["nice", "-n", GIVES_WAY, *PYTEST, *BESIDE_STACK, *more]
        with subprocess.Popen(
            command,
            cwd=CHECKOUT,
            env=measured | _temporary_files(),
            stdout=told,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        ) as beside:
            with suppress(OSError):  # Linux shares the machine out among sessions, where it does
                Path(f"/proc/{beside.pid}/autogroup").write_text(GIVES_WAY)
            try:
                code = _pytest(*WITH_STACK, *more, environment=environment)
            except BaseException:
                os.killpg(beside.pid, signal.SIGTERM)
                raise
        told.seek(0)
        print(told.read())
    return code or beside.returncode


def _pytest(*arguments: str, environment: dict[str, str]) -> int:
    print(f"pytest {' '.join(arguments)}", file=sys.stderr)
    done = subprocess.run([*PYTEST, *arguments], cwd=CHECKOUT, env=environment, check=False)
    return done.returncode


def _covered(environment: dict[str, str]) -> int:
    """Of all processes of the run together."""
    quiet = {name: value for name, value in environment.items() if "COVERAGE_PROCESS" not in name}
    for command in (("combine", "--quiet"), ("report", "--skip-covered", "--sort=cover")):
        done = subprocess.run([*COVERAGE, *command], cwd=CHECKOUT, env=quiet, check=False)
        if done.returncode:
            return done.returncode
    return 0
