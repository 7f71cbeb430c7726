"""The load of the booking benches: 200 clients that each book the next free hour of their beds."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import cast

import httpx
import uvloop

from lake.places import CHECKOUT

CLIENTS = 200
SECONDS = 8.0
WARM_UP_SECONDS = 2.0
ROOMS = 50


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def serving(
    command: Sequence[str], port: int, environment: Mapping[str, str] | None = None
) -> Iterator[int]:
    """This project's Python with these arguments, once it answers at `port`."""
    process = subprocess.Popen(
        [sys.executable, *command], env=os.environ | (environment or {}), cwd=CHECKOUT
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


def booking_request(client: int, number: int, token: str = "") -> bytes:
    """A reservation that no other overlaps: each client has ten beds, each booking its own hour.
    `token`: of whoever has signed in."""
    bed, hour = client * 10 + number % 10, number // 10
    ward, place = bed // (ROOMS * 4) + 1, bed % (ROOMS * 4)
    bed_id = f"W{ward}-{ward * 100 + 1 + place // 4}-{'ABCD'[place % 4]}"
    day, hour = divmod(hour, 24)
    year, day = divmod(day, 28)
    start = f"{2100 + year}-01-{day + 1:02d}T{hour:02d}:00:00Z"
    end = f"{2100 + year}-01-{day + 1:02d}T{hour:02d}:59:00Z"
    body = (
        f'{{"bed_id":"{bed_id}","patient_ref":"bench-{client}-{number}",'
        f'"starts_at":"{start}","ends_at":"{end}","needs":{{"sex":"female"}}}}'
    )
    signed = f"authorization: Bearer {token}\r\n" if token else ""
    return (
        "POST /bookings HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"
        f"{signed}content-length: {len(body)}\r\n\r\n{body}"
    ).encode()


class Client(asyncio.Protocol):
    """Sends its next request as soon as the answer to the last one is whole."""

    def __init__(self, number: int, load: "Load") -> None:
        self._number, self._load, self._sent, self._buffer = number, load, 0, b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._send()

    def _send(self) -> None:
        self._transport.write(booking_request(self._number, self._sent, self._load.token))
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
    def __init__(self, token: str = "") -> None:
        self.token = token
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
            await loop.create_connection(partial(Client, number, self), "127.0.0.1", port)
        await asyncio.sleep(WARM_UP_SECONDS)
        self.is_counting, start = True, time.perf_counter()
        await asyncio.sleep(SECONDS)
        rate = self.good / (time.perf_counter() - start)
        self.is_counting, self.is_over = False, True
        await asyncio.sleep(0.5)
        if self.bad:
            raise RuntimeError(f"{self.bad} answers were not 201")
        return rate


def rate(port: int, token: str = "") -> float:
    """Good answers per second to all clients together."""
    return uvloop.run(Load(token).run(port))


def one_client(port: int, count: int) -> list[float]:
    """Milliseconds of each answer to a client that is alone."""
    times = []
    with socket.create_connection(("127.0.0.1", port)) as connection:
        for number in range(count):
            start = time.perf_counter()
            connection.sendall(booking_request(number % CLIENTS, number // CLIENTS))
            answer = connection.recv(65536)
            while not answer.endswith(b"}"):
                answer += connection.recv(65536)
            times.append(1000 * (time.perf_counter() - start))
            assert answer.startswith(b"HTTP/1.1 201"), answer
    return times
