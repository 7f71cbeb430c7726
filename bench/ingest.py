"""Durable answers per second, and how long one takes, beside the same app without its disk.

The reference server is the same application, routes, validation, rules and answers; only the
append and its fsync do nothing. The load generator is measured against a server that does nothing
at all, to show that it is not what limits either.
"""

import asyncio
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import cast

import httpx
import uvloop
from deltalake import write_deltalake

from lake.arrow import open_or_create
from lake.places import CHECKOUT, Places
from lake.tables import BED_EVENTS
from simulator.writer.event_log import to_arrow

CLIENTS = 200
SECONDS = 8.0
WARM_UP_SECONDS = 2.0
ROOMS = 50
COMMITS, WINDOW, WARM_UP = 5_000, 500, 50

HOSPITAL = """
hospital_id = "bench"
name = "Bench"
time_zone = "UTC"
[assumptions]
isolation_share = 0.0
reservation_no_show_share = 0.0
reservation_cancelled_share = 0.0
transfer_share = 0.0
note_per_stay_day = 1.0
closed_bed_share = 0.01
closure_hours = 1.0
weekend_discharge_factor = 1.0
death_share = 0.0
other_hospital_share = 0.0
response_minutes = [1.0, 1.0]
clean_minutes = [1.0, 1.0]
isolation_clean_factor = 1.0
wait_hours_before_diversion = 1.0
demand_factor = 1.0
request_share = 0.0
wait_hours_before_override = 1.0
override_share = 0.0
override_reviewed_share = 0.0
correction_share = 0.0
discharge_confirmed_share = 0.0
"""
WARD = """
[[wards]]
ward_id = "W{ward}"
name = "Ward {ward}"
specialty = "general_medicine"
first_room = 101
occupancy_percent = 50.0
stay_days = [1.0, 1.0]
rooms = [{{ room_class = "general", rooms = {rooms}, beds = 4 }}]
"""
SERVE = {
    "durable": "from simulator.serve import serve; serve()",
    "without disk": (
        "from simulator.writer.event_log import EventLog\n"
        "def append(self, rows): self.head_seq = rows[-1]['seq']\n"
        "EventLog.append = append\n"
        "EventLog.maintain = lambda self: None\n"
        "from simulator.serve import serve; serve()"
    ),
}
NOTHING = (
    "import asyncio, sys, uvloop\n"
    "ANSWER = b'HTTP/1.1 201 Created\\r\\ncontent-length: 160\\r\\n\\r\\n' + b'x' * 160\n"
    "class Nothing(asyncio.Protocol):\n"
    "    def connection_made(self, transport): self.transport = transport\n"
    "    def data_received(self, data): self.transport.write(ANSWER)\n"
    "async def main():\n"
    "    loop = asyncio.get_running_loop()\n"
    "    server = await loop.create_server(Nothing, '127.0.0.1', int(sys.argv[1]))\n"
    "    await server.serve_forever()\n"
    "uvloop.run(main())"
)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def server(code: str, home: Path) -> Iterator[int]:
    home.mkdir(parents=True, exist_ok=True)
    hospital = home / "hospital.toml"
    wards = "".join(WARD.format(ward=ward, rooms=ROOMS) for ward in range(1, 11))
    hospital.write_text(HOSPITAL + wards)
    port = free_port()
    environment = os.environ | {
        "SNR_HOME": str(home),
        "SNR_API_PORT": str(port),
        "SNR_SIMULATOR": "false",
        "SNR_HOSPITAL_FILE": str(hospital),
    }
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(port)], env=environment, cwd=CHECKOUT
    )
    try:
        wait_until_open(port)
        yield port
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()


def wait_until_open(port: int) -> None:
    for _ in range(600):
        try:
            httpx.get(f"http://127.0.0.1:{port}/health/ready", timeout=1).raise_for_status()
        except httpx.RemoteProtocolError:
            return
        except httpx.HTTPError:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError("the server did not open")


def booking_request(client: int, number: int) -> bytes:
    """A reservation that no other overlaps: each client has ten beds, each booking its own hour."""
    bed, hour = client * 10 + number % 10, number // 10
    ward, place = bed // (ROOMS * 4) + 1, bed % (ROOMS * 4)
    bed_id = f"W{ward}-{101 + place // 4}-{'ABCD'[place % 4]}"
    day, hour = divmod(hour, 24)
    year, day = divmod(day, 28)
    start = f"{2100 + year}-01-{day + 1:02d}T{hour:02d}:00:00Z"
    end = f"{2100 + year}-01-{day + 1:02d}T{hour:02d}:59:00Z"
    body = (
        f'{{"bed_id":"{bed_id}","patient_ref":"bench-{client}-{number}",'
        f'"starts_at":"{start}","ends_at":"{end}"}}'
    )
    return (
        "POST /bookings HTTP/1.1\r\nhost: bench\r\ncontent-type: application/json\r\n"
        f"content-length: {len(body)}\r\n\r\n{body}"
    ).encode()


class Client(asyncio.Protocol):
    """Sends its next request as soon as the answer to the last one is whole."""

    def __init__(self, number: int, load: "Load") -> None:
        self._number, self._load, self._sent, self._buffer = number, load, 0, b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._send()

    def _send(self) -> None:
        self._transport.write(booking_request(self._number, self._sent))
        self._sent += 1

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, separator, body = self._buffer.partition(b"\r\n\r\n")
        if not separator:
            return
        length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
        if len(body) < length:
            return
        self._buffer = b""
        self._load.count(b" 201 " in head.split(b"\r\n")[0] + b" ")
        if not self._load.is_over:
            self._send()


class Load:
    def __init__(self) -> None:
        self.good = self.bad = 0
        self.is_counting = self.is_over = False

    def count(self, is_good: bool) -> None:
        if self.is_counting:
            self.good += is_good
            self.bad += not is_good

    async def run(self, port: int) -> float:
        """Good answers per second."""
        loop = asyncio.get_running_loop()
        for number in range(CLIENTS):
            await loop.create_connection(lambda n=number: Client(n, self), "127.0.0.1", port)
        await asyncio.sleep(WARM_UP_SECONDS)
        self.is_counting, start = True, time.perf_counter()
        await asyncio.sleep(SECONDS)
        rate = self.good / (time.perf_counter() - start)
        self.is_counting, self.is_over = False, True
        await asyncio.sleep(0.5)
        if self.bad:
            raise RuntimeError(f"{self.bad} answers were not 201")
        return rate


def rate(code: str, home: Path) -> float:
    with server(code, home) as port:
        return uvloop.run(Load().run(port))


def one_client(home: Path) -> tuple[list[float], list[float]]:
    """Milliseconds of each answer to one client, and of bare appends to a fresh table."""
    answers = []
    with (
        server(SERVE["durable"], home / "one") as port,
        socket.create_connection(("127.0.0.1", port)) as connection,
    ):
        for number in range(WARM_UP + COMMITS + WINDOW):
            start = time.perf_counter()
            connection.sendall(booking_request(number % CLIENTS, number // CLIENTS))
            answer = connection.recv(65536)
            while not answer.endswith(b"}"):
                answer += connection.recv(65536)
            answers.append(1000 * (time.perf_counter() - start))
            assert answer.startswith(b"HTTP/1.1 201"), answer
    return answers[WARM_UP:], bare_appends(home / "bare", WINDOW)


def bare_appends(home: Path, count: int) -> list[float]:
    from tests.simulator.ward import SmallWard

    places = Places(home, str(home / "lake"))
    table, rows, times = open_or_create(places, BED_EVENTS), SmallWard().rows, []
    for number in range(WARM_UP + count):
        start = time.perf_counter()
        write_deltalake(table, to_arrow(rows[:1]), mode="append")
        times.append(1000 * (time.perf_counter() - start))
        if number % 32 == 31:
            table = open_or_create(places, BED_EVENTS)
    return times[WARM_UP:]


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        generator = rate(NOTHING, home / "nothing")
        reference = rate(SERVE["without disk"], home / "without")
        durable = rate(SERVE["durable"], home / "durable")
        answers, bare = one_client(home)
    first, last = statistics.median(answers[:WINDOW]), statistics.median(answers[COMMITS:])
    append = statistics.median(bare)
    print(f"load generator alone:  {generator:8,.0f} answers/s")
    print(f"the app without disk:  {reference:8,.0f} answers/s")
    print(
        f"durable:               {durable:8,.0f} answers/s, "
        f"{durable / reference:.2f} of the app without disk (wanted 0.30)"
    )
    print(
        f"one client:            {first:8.1f} ms, {first / append:.2f} of a bare append "
        f"of {append:.1f} ms (wanted 1.50)"
    )
    print(
        f"after {COMMITS:,} commits:   {last:8.1f} ms, {last / first:.2f} of the first {WINDOW} "
        "(wanted 1.50)"
    )


if __name__ == "__main__":
    main()
