"""The processes of `./snr up`, run by supervisord: what they are, where they listen, their end."""

import os
import subprocess
import sys
import xmlrpc.client  # nosec B411 # our own supervisord
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, cast

import psutil
from supervisor.xmlrpc import SupervisorTransport

from cli import prefect_secret
from cli.settings import StackSettings
from lake.auth import Auth, AuthSettings
from lake.places import CHECKOUT, Places

STOP_SECONDS = 12

ALLOCATORS = {
    "MALLOC_ARENA_MAX": "2",  # glibc's, and so DuckDB's: it would have 8 for each core
    "ARROW_DEFAULT_MEMORY_POOL": "system",
    "_RJEM_MALLOC_CONF": "narenas:2,dirty_decay_ms:0,muzzy_decay_ms:0",  # delta-rs
}
"""What a process has freed goes back to the system, instead of to three pools that each keep it."""


PREFECT_LOOPS = {
    f"PREFECT_SERVER_SERVICES_{service}_LOOP_SECONDS": str(seconds)
    for service, seconds in {
        "CANCELLATION_CLEANUP": 60,
        "CLEANUP_RECONCILER": 60,
        "FOREMAN": 30,
        "LATE_RUNS": 20,
        "PAUSE_EXPIRATIONS": 60,
        "SCHEDULER_RECENT_DEPLOYMENTS": 15,
    }.items()
}
"""Its server looks through its database each 5 to 20 s for what hardly ever is there."""


@dataclass(frozen=True)
class Program:
    name: str
    command: tuple[str, ...]
    address: str = ""
    health: str = ""


@dataclass(frozen=True)
class Stack:
    """One SNR_HOME's processes."""

    places: Places
    settings: StackSettings

    @property
    def programs(self) -> tuple[Program, ...]:
        python, s = sys.executable, self.settings
        api = f"http://127.0.0.1:{s.api_port}"
        prefect = f"http://127.0.0.1:{s.prefect_port}"
        dashboard = f"http://127.0.0.1:{s.dashboard_port}"
        # The pages of /docs send no session; the document is anybody's.
        shown = "/openapi.json" if AuthSettings().auth is Auth.ON else "/docs"
        return (
            Program("api", (python, "-m", "simulator.serve"), api + shown, f"{api}/health/ready"),
            Program(
                "dashboard",
                (python, "-m", "dashboard.serve"),
                dashboard,
                f"{dashboard}/_stcore/health",
            ),
            Program("prefect", self._prefect(), prefect, f"{prefect}/api/health"),
            Program("spark", (python, "-m", "flows.driver")),
            Program("worker", (python, "-m", "cli.worker")),
        )

    def _prefect(self) -> tuple[str, ...]:
        port = str(self.settings.prefect_port)
        start = ("server", "start", "--host", "127.0.0.1", "--port", port)
        return (sys.executable, "-m", "prefect", *start)

    @property
    def environment(self) -> dict[str, str]:
        s = self.settings
        return {
            **ALLOCATORS,
            "SNR_DUCKDB_THREADS": "1",  # a board takes two of them twice the time of one
            **os.environ,
            "SNR_HOME": str(self.places.home),
            "SNR_CHECKOUT": str(CHECKOUT),
            "SNR_API_PORT": str(s.api_port),
            "SNR_DASHBOARD_PORT": str(s.dashboard_port),
            "SNR_PREFECT_PORT": str(s.prefect_port),
            "SNR_SPARK_SOCKET": str(self.socket.with_suffix(".spark")),
            **PREFECT_LOOPS,
            "PREFECT_HOME": str(self.places.prefect),
            "PREFECT_API_URL": f"http://127.0.0.1:{s.prefect_port}/api",
            # Else a page of any site that a browser here shows could ask it.
            "PREFECT_SERVER_CORS_ALLOWED_ORIGINS": f"http://127.0.0.1:{s.prefect_port}",
            "PREFECT_WORKER_QUERY_SECONDS": "2",
            "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
            "PREFECT_SERVER_DEPLOYMENTS_CONCURRENCY_SLOT_WAIT_SECONDS": "5",
            # SQLite has one writer at a time; a busy machine needs more than the default 10 s.
            "PREFECT_SERVER_DATABASE_TIMEOUT": "60",
            "DO_NOT_TRACK": "1",
            "PYTHONUNBUFFERED": "1",
            **self._prefect_secret(),
        }

    def _prefect_secret(self) -> dict[str, str]:
        """What its server asks for, and all that ask it send: who runs flows may do everything."""
        if AuthSettings().auth is Auth.OFF:
            return {}
        shared = prefect_secret.shared(self.places)
        return {"PREFECT_SERVER_API_AUTH_STRING": shared, "PREFECT_API_AUTH_STRING": shared}

    @property
    def run_folder(self) -> Path:
        return self.places.home / "run"

    @property
    def socket(self) -> Path:
        """A short path: a unix socket's may not be longer than about 100 characters."""
        return Path("/tmp") / f"snr-{os.getuid()}-{_digest(self.run_folder)}.sock"  # noqa: S108 - a short path

    @property
    def pid(self) -> int | None:
        """supervisord's process, if it lives."""
        try:
            pid = int((self.run_folder / "supervisord.pid").read_text())
            process = psutil.Process(pid)
        except (OSError, ValueError, psutil.NoSuchProcess):
            return None
        alive = process.status() != psutil.STATUS_ZOMBIE
        return pid if alive and str(self.run_folder) in " ".join(process.cmdline()) else None

    def start(self) -> "subprocess.Popen[bytes]":
        for folder in (self.run_folder, self.places.logs, self.places.prefect):
            folder.mkdir(parents=True, exist_ok=True)
        config = self.run_folder / "supervisord.conf"
        config.write_text(self.config())
        command = [sys.executable, "-m", "supervisor.supervisord", "-n", "-c", str(config)]
        with (self.places.logs / "supervisord.out").open("wb") as output:
            return subprocess.Popen(
                command,
                env=self.environment,
                cwd=CHECKOUT,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    def config(self) -> str:
        """Paths may hold a percent sign, which supervisord reads as its own."""
        run, logs = _quoted(self.run_folder), _quoted(self.places.logs)
        head = f"""
            [supervisord]
            logfile={logs}/supervisord.log
            pidfile={run}/supervisord.pid
            nodaemon=true
            silent=true
            umask=027
            [unix_http_server]
            file={self.socket}
            chmod=0700
            [rpcinterface:supervisor]
            supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface
            [group:snr]
            programs={",".join(program.name for program in self.programs)}
        """
        sections = "".join(self._section(program, logs) for program in self.programs)
        return "\n".join(line.strip() for line in (head + sections).splitlines())

    def _section(self, program: Program, logs: str) -> str:
        command = " ".join(f'"{_quoted(word)}"' for word in program.command)
        return f"""
            [program:{program.name}]
            command={command}
            autorestart=true
            startsecs=2
            startretries=1000
            stopwaitsecs={STOP_SECONDS}
            stopasgroup=true
            killasgroup=true
            redirect_stderr=true
            stdout_logfile={logs}/{program.name}.log
            stdout_logfile_maxbytes=10MB
            stdout_logfile_backups=3
        """

    def states(self) -> list[dict[str, Any]]:
        """supervisord's word on each process. Raises OSError where it does not answer."""
        transport = SupervisorTransport(serverurl=f"unix://{self.socket}")
        with xmlrpc.client.ServerProxy("http://127.0.0.1", transport=transport) as proxy:
            return cast("list[dict[str, Any]]", proxy.supervisor.getAllProcessInfo())

    def stop(self, pid: int | None = None) -> None:
        """End supervisord and every process below it, JVMs and flow runs too."""
        pid = pid or self.pid
        if pid is None:
            return
        try:
            supervisor = psutil.Process(pid)
        except psutil.NoSuchProcess:
            return
        family = supervisor.children(recursive=True)
        supervisor.terminate()
        psutil.wait_procs([supervisor], timeout=STOP_SECONDS + 2)
        _end([supervisor, *family])


def _end(processes: list[psutil.Process]) -> None:
    """Ask those that are left, then make them."""
    left = [process for process in processes if process.is_running()]
    for process in _alive(left):
        process.terminate()
    _, stubborn = psutil.wait_procs(left, timeout=3)
    for process in _alive(stubborn):
        process.kill()
    psutil.wait_procs(stubborn, timeout=2)


def _alive(processes: list[psutil.Process]) -> Iterator[psutil.Process]:
    for process in processes:
        if process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
            yield process


def _quoted(path: object) -> str:
    return str(path).replace("%", "%%")


def _digest(path: Path) -> str:
    return sha256(str(path).encode()).hexdigest()[:16]
