"""A small hospital where people sign in and what they are shown is recorded."""

from typing import Any

from lake.duck import LakeReader
from lake.places import Places
from lake.tables import AUDIT_EVENTS
from lake.vocabulary import AuditType
from simulator.writer.audit import Trail
from tests.simulator.people import WORD, Clock, header

OWN, OTHER = "OWN-11", "OTHER-77"
Row = dict[str, Any]


class Ward:
    """W1 is the clerk's own ward; a patient lies on each."""

    def __init__(self, api, gate, desk, trail: Trail, places: Places, clock: Clock) -> None:
        self.api, self.gate, self.desk, self.trail = api, gate, desk, trail
        self.places, self.clock = places, clock
        self.secrets: dict[str, str] = {}

    async def sign_in(self, name: str, password: str = WORD):
        answer = await self.api.post("/sign-in", json={"name": name, "password": password})
        if answer.status_code == 201:
            self.secrets[name] = answer.json()["secret"]
        return answer

    async def ask(self, who: str, way: str, **more: Any):
        method, path = way.split()
        headers = {"authorization": header(self.secrets[who])}
        return await self.api.request(method, path, headers=headers, **more)

    def rows(self, *kinds: AuditType) -> list[Row]:
        found = LakeReader(self.places, [AUDIT_EVENTS]).ask(
            f"SELECT * FROM {AUDIT_EVENTS.name} ORDER BY seq"
        )
        return [row for row in found.to_pylist() if not kinds or row["event_type"] in kinds]
