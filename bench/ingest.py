"""Durable answers per second, and how long one takes, beside a plain service over PostgreSQL.

The second reference is the same application, routes, validation, rules and answers; only the
append and its fsync do nothing. The load generator is measured against a server that does nothing
at all, to show that it is not what limits any. Rounds of ours and the peer's take turns.
"""

import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from deltalake import write_deltalake

from bench.load import ROOMS, free_port, one_client, rate, serving
from bench.peer import MISSING, peer, postgres
from lake.arrow import open_or_create
from lake.places import Places
from lake.tables import BED_EVENTS
from lake.vocabulary import Role
from simulator.access.gate import Gate
from simulator.writer.clock import wall_now
from simulator.writer.event_log import to_arrow

ROUNDS = 3
COMMITS, WINDOW, WARM_UP = 5_000, 500, 50
WANTED, WANTED_LATENCY = 1.30, 1.50

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
first_room = {ward}01
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


@contextmanager
def server(code: str, home: Path, auth: str = "off") -> Iterator[int]:
    home.mkdir(parents=True, exist_ok=True)
    hospital = home / "hospital.toml"
    wards = "".join(WARD.format(ward=ward, rooms=ROOMS) for ward in range(1, 11))
    hospital.write_text(HOSPITAL + wards)
    port = free_port()
    environment = {
        "SNR_HOME": str(home),
        "SNR_API_PORT": str(port),
        "SNR_SIMULATOR": "false",
        "SNR_AUTH": auth,
        "SNR_HOSPITAL_FILE": str(hospital),
    }
    with serving(["-c", code, str(port)], port, environment):
        yield port


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


@dataclass
class Rounds:
    """What each round gave; the rates are answers per second, the latencies milliseconds."""

    ours: list[float] = field(default_factory=list)
    signed_in: list[float] = field(default_factory=list)
    peers: list[float] = field(default_factory=list)

    @property
    def ratio(self) -> float:
        return statistics.median(self.ours) / statistics.median(self.peers)


def token_in(home: Path) -> str:
    """Of a manager's service, who may all that the load asks for."""
    gate = Gate.at(Places(home, str(home / "lake")).people, wall_now)
    try:
        return gate.tokens.add("bench", Role.MANAGER)
    finally:
        gate.store.close()


def under_load(folder: Path, socket: str | None) -> Rounds:
    rounds = Rounds()
    for number in range(ROUNDS):
        with server(SERVE["durable"], folder / f"durable {number}") as port:
            rounds.ours.append(rate(port))
        home = folder / f"signed in {number}"
        token = token_in(home)
        with server(SERVE["durable"], home, "on") as port:
            rounds.signed_in.append(rate(port, token))
        if socket:
            with peer(socket) as port:
                rounds.peers.append(rate(port))
    if socket:  # the last word is not always the peer's
        with server(SERVE["durable"], folder / "durable again") as port:
            rounds.ours.append(rate(port))
    return rounds


def main() -> None:
    with tempfile.TemporaryDirectory() as name, postgres(Path(name)) as socket:
        folder = Path(name)
        with server(NOTHING, folder / "nothing") as port:
            generator = rate(port)
        with server(SERVE["without disk"], folder / "without") as port:
            reference = rate(port)
        rounds = under_load(folder, socket)
        with server(SERVE["durable"], folder / "one") as port:
            answers = one_client(port, WARM_UP + COMMITS + WINDOW)[WARM_UP:]
        bare = bare_appends(folder / "bare", WINDOW)
        peers = []
        if socket:
            with peer(socket) as port:
                peers = one_client(port, WARM_UP + WINDOW)[WARM_UP:]
    _tell_rates(generator, reference, rounds)
    _tell_latency(answers, bare, peers)


def _tell_rates(generator: float, reference: float, rounds: Rounds) -> None:
    durable = statistics.median(rounds.ours)
    print(f"load generator alone:  {generator:8,.0f} answers/s")
    print(f"the app without disk:  {reference:8,.0f} answers/s, durable "
          f"{durable / reference:.2f} of it (wanted 0.30)")  # fmt: skip
    signed_in = statistics.median(rounds.signed_in)
    print(f"signed in:             {signed_in:8,.0f} answers/s, "
          f"{signed_in / durable:.2f} of durable (wanted 0.90)")  # fmt: skip
    if not rounds.peers:
        print(f"durable: {durable:,.0f} answers/s; {MISSING}")
        return
    print(f"rounds, ours/peer:     {_each(rounds.ours)} / {_each(rounds.peers)} answers/s")
    print(f"durable: {durable:,.0f} answers/s, {rounds.ratio:.2f} of the PostgreSQL peer "
          f"(wanted {WANTED:.2f})")  # fmt: skip


def _each(rates: Sequence[float]) -> str:
    return " ".join(f"{each:,.0f}" for each in rates)


def _tell_latency(answers: Sequence[float], bare: Sequence[float], peers: Sequence[float]) -> None:
    first, last = statistics.median(answers[:WINDOW]), statistics.median(answers[COMMITS:])
    append = statistics.median(bare)
    if peers:
        alone = statistics.median(peers)
        print(f"one client:            {first:8.1f} ms, {first / alone:.2f} of the PostgreSQL "
              f"peer's {alone:.1f} ms (wanted at most {WANTED_LATENCY:.2f})")  # fmt: skip
    print(f"one client:            {first:8.1f} ms, {first / append:.2f} of a bare append "
          f"of {append:.1f} ms (wanted 1.50)")  # fmt: skip
    print(f"after {COMMITS:,} commits:   {last:8.1f} ms, {last / first:.2f} of the first {WINDOW} "
          "(wanted 1.50)")  # fmt: skip


if __name__ == "__main__":
    main()
