"""A plain booking service over PostgreSQL: what ours is measured beside, as fast as we can make it.

One uvicorn worker with uvloop and httptools, the same FastAPI; asyncpg with a prepared statement
and a pool; one transaction per booking: the row under an exclusion constraint and its audit row,
in one round trip. `fsync` and `synchronous_commit` are on. It has no rules beside the overlap, no
keys for repeated requests, no history of the bed and nobody who follows.
"""

import asyncio
import cProfile
import gc
import os
import pstats
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg
import uvicorn
import uvloop
from fastapi import FastAPI, Request
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field

from bench.load import CLIENTS, SECONDS, free_port, rate, serving
from simulator.serve import GARBAGE

BINARIES = "/usr/lib/postgresql/*/bin"
MISSING = (
    "the PostgreSQL peer is missing: install it (Debian: apt-get install postgresql), then run "
    "this again"
)
CONNECTIONS = int(os.environ.get("SNR_BENCH_CONNECTIONS", "8"))
"""Of 8, 16, 24, 32 and 48 the fastest on two cores."""
SETTINGS = {
    "fsync": "on",
    "synchronous_commit": "on",
    "listen_addresses": "",
    "shared_buffers": "512MB",
    "max_wal_size": "4GB",
    "checkpoint_timeout": "30min",
    "max_connections": "100",
    "autovacuum": "off",
}
TABLES = """
    DROP TABLE IF EXISTS audit, bookings;
    CREATE EXTENSION IF NOT EXISTS btree_gist;
    CREATE TABLE bookings (
        booking_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        bed_id text NOT NULL,
        patient_ref text NOT NULL,
        during tstzrange NOT NULL,
        EXCLUDE USING gist (bed_id WITH =, during WITH &&)
    );
    CREATE TABLE audit (
        audit_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        booking_id bigint NOT NULL,
        what text NOT NULL,
        actor text NOT NULL,
        recorded_at timestamptz NOT NULL DEFAULT now(),
        bed_id text NOT NULL,
        patient_ref text NOT NULL
    )
"""
BOOK = """
    WITH made AS (
        INSERT INTO bookings (bed_id, patient_ref, during)
        VALUES ($1, $2, tstzrange($3, $4)) RETURNING booking_id, bed_id, patient_ref
    )
    INSERT INTO audit (booking_id, what, actor, bed_id, patient_ref)
    SELECT booking_id, 'booked', $5, bed_id, patient_ref FROM made RETURNING booking_id, audit_id
"""


class NewBooking(BaseModel):
    model_config = ConfigDict(extra="forbid")

    bed_id: str = Field(max_length=64)
    patient_ref: str = Field(max_length=64)
    starts_at: datetime
    ends_at: datetime
    needs: dict[str, str] = {}  # read, and kept by ours alone


class Booked(BaseModel):
    booking_id: int
    bed_id: str
    starts_at: datetime
    ends_at: datetime
    state: str
    seq: int


def create_app(socket: str) -> FastAPI:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with asyncpg.create_pool(
            host=socket,
            user="peer",
            database="postgres",
            min_size=CONNECTIONS,
            max_size=CONNECTIONS,
            max_inactive_connection_lifetime=0,
            reset=_nothing_to_reset,
        ) as pool:
            app.state.pool = pool
            await pool.execute(TABLES)
            yield

    app = FastAPI(lifespan=lifespan, telemetry={"tracing": False, "metrics": False, "logs": False})

    @app.post("/bookings", status_code=201, response_model=Booked)
    async def book(body: NewBooking, request: Request) -> Response:
        try:
            async with request.app.state.pool.acquire() as connection:
                row = await connection.fetchrow(
                    BOOK, body.bed_id, body.patient_ref, body.starts_at, body.ends_at, "somebody"
                )
        except asyncpg.ExclusionViolationError:
            return Response('{"code":"overlap"}', 409, media_type="application/problem+json")
        answer = Booked(
            booking_id=row["booking_id"],
            bed_id=body.bed_id,
            starts_at=body.starts_at,
            ends_at=body.ends_at,
            state="reserved",
            seq=row["audit_id"],
        )
        return Response(answer.model_dump_json(), 201, media_type="application/json")

    @app.get("/health/ready")
    async def ready() -> str:
        return "ready"

    return app


async def _nothing_to_reset(_: object) -> None:
    """No request leaves anything behind in its connection."""


@contextmanager
def postgres(folder: Path) -> Iterator[str | None]:
    """A server of its own, on the disk of `folder`; the folder of its socket. None: not there."""
    binaries = shutil.which("initdb", path=":".join(map(str, Path("/").glob(BINARIES[1:]))))
    if binaries is None:
        yield None
        return
    place, who = folder / "postgres", _owner()
    place.mkdir()
    if who:
        shutil.chown(place, who)
        folder.chmod(0o711)
    initdb, server = binaries, str(Path(binaries).parent / "postgres")
    data = str(place / "data")
    plain = ("--locale=C", "--encoding=UTF8")  # texts compared byte by byte
    make = [initdb, "-D", data, "-U", "peer", "-A", "trust", *plain]
    subprocess.run(make, check=True, user=who, cwd=place, stdout=subprocess.DEVNULL)
    settings = [part for name, value in SETTINGS.items() for part in ("-c", f"{name}={value}")]
    command = [server, "-D", data, "-k", str(place), *settings]
    with (place / "log").open("wb") as log:
        process = subprocess.Popen(command, user=who, cwd=place, stdout=log, stderr=log)
    ready = [str(Path(binaries).parent / "pg_isready"), "-q", "-h", str(place)]
    try:
        while subprocess.run(ready, check=False).returncode != 0:
            if process.poll() is not None:
                raise RuntimeError((place / "log").read_text())
            time.sleep(0.1)
        yield str(place)
    finally:
        process.terminate()
        process.wait()


def _owner() -> str | None:
    """PostgreSQL does not run as root."""
    if os.getuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in known else "nobody"


def serve(socket: str, port: int) -> None:
    config = uvicorn.Config(
        create_app(socket),
        host="127.0.0.1",
        port=port,
        loop="uvloop",
        http="httptools",
        log_level="warning",
        access_log=False,
        proxy_headers=False,
    )
    gc.set_threshold(*GARBAGE)
    uvicorn.Server(config).run()


@contextmanager
def peer(socket: str, *options: str) -> Iterator[int]:
    """Serves on empty tables; gives the port."""
    port = free_port()
    with serving(["-m", "bench.peer", "serve", socket, str(port), *options], port):
        yield port


async def _bare(socket: str) -> float:
    """Bookings per second of the statement alone, without any HTTP."""
    async with asyncpg.create_pool(
        host=socket, user="peer", database="postgres", min_size=CONNECTIONS, max_size=CONNECTIONS
    ) as pool:
        await pool.execute(TABLES)
        end = time.monotonic() + SECONDS

        async def book(number: int) -> int:
            """Hour after hour of a bed of its own; how many."""
            start, hours = datetime(2100, 1, 1, tzinfo=UTC), 0
            async with pool.acquire() as connection:
                while time.monotonic() < end:
                    until = start + timedelta(minutes=59)
                    await connection.fetchrow(BOOK, f"bed {number}", "p-1", start, until, "me")
                    start, hours = start + timedelta(hours=1), hours + 1
            return hours

        return sum(await asyncio.gather(*(book(nth) for nth in range(CONNECTIONS)))) / SECONDS


def _profiled(socket: str, port: int) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # uvicorn ends by it, and then raises it again
    profile = cProfile.Profile()
    profile.runcall(serve, socket, port)
    profile.create_stats()
    spent: Counter[str] = Counter()
    for (file, _, name), (_, _, own, _, _) in pstats.Stats(profile).stats.items():  # type: ignore[attr-defined]
        spent[_package(file, name)] += own
    total = spent.total()
    shares = ", ".join(f"{name} {100 * own / total:.0f} %" for name, own in spent.most_common(8))
    print(f"profile of the peer:   {shares}", flush=True)


def _package(file: str, name: str) -> str:
    parts = Path(file).parts
    if "site-packages" in parts:
        return parts[parts.index("site-packages") + 1].removesuffix(".py")
    if file == "~":
        return "the loop, waiting too" if "uvloop" in name else "built in"
    return "this bench" if file == __file__ else "Python's library"


def main() -> None:
    if sys.argv[1:2] == ["serve"]:
        where, port, *options = sys.argv[2:]
        (_profiled if "--profile" in options else serve)(where, int(port))
        return
    with tempfile.TemporaryDirectory() as folder, postgres(Path(folder)) as socket:
        if socket is None:
            print(MISSING)
            return
        print(f"the statement alone:   {uvloop.run(_bare(socket)):8,.0f} bookings/s, "
              f"{CONNECTIONS} connections")  # fmt: skip
        with peer(socket) as open_port:
            print(f"the peer:              {rate(open_port):8,.0f} answers/s, {CLIENTS} clients")
        with peer(socket, "--profile") as open_port:
            rate(open_port)


if __name__ == "__main__":
    main()
