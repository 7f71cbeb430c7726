"""A lake of version 1 opens, goes on, and answers as before."""

from collections.abc import AsyncIterator
from datetime import timedelta
from itertools import starmap
from operator import itemgetter
from typing import Any

import httpx
import pytest
import pytest_asyncio

from lake.duck import LakeReader
from lake.places import Places
from lake.tables import BED_EVENTS
from lake.versions import READ_AS, as_read
from lake.vocabulary import Source
from simulator.domain import commands as c
from simulator.domain.principals import unasked
from simulator.writer import chain
from simulator.writer.desk import Desk
from simulator.writer.engine import Context
from simulator.writer.event_log import stored_rows
from tests.simulator.api_client import make_desk, serving
from tests.version_1 import ANSWERS, copied_to


@pytest.fixture
def desk(places) -> Desk:
    return make_desk(copied_to(places))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def long_memory(tmp_path_factory) -> AsyncIterator[httpx.AsyncClient]:
    """For those who only repeat what was asked then. Keys live for a day; this lake is older by
    every day since."""
    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        for place in ("memory", "keys"):
            patch.setattr(f"simulator.writer.{place}.KEY_LIFE", timedelta(days=36_500))
        desk = make_desk(copied_to(Places(home, str(home / "lake"))))
        async with serving(desk) as client:
            yield client


@pytest.fixture
async def api(desk) -> AsyncIterator[httpx.AsyncClient]:
    async with serving(desk) as client:
        yield client


async def items(api: httpx.AsyncClient, path: str, **query: Any) -> list[dict]:
    return (await api.get(path, params={"limit": 1000, **query})).json()["items"]


def known_then(now: list[dict], then: list[dict]) -> list[dict]:
    """Of what is said now, what was said then."""
    return list(starmap(_as_then, zip(now, then, strict=True)))


def _as_then(new: Any, old: Any) -> Any:
    """Isolation says of what kind it is since."""
    if isinstance(new, dict) and old is True:
        return new["kind"] == "source"
    if not isinstance(old, dict):
        return new
    return {name: _as_then(new[name], old[name]) for name in old}


async def test_it_opens_with_the_same_beds_bookings_requests_and_overrides(api) -> None:
    beds = await items(api, "/beds")
    assert known_then(beds, ANSWERS["beds"]) == ANSWERS["beds"]
    bookings = [b for b in await items(api, "/bookings") if b["state"] in ("reserved", "active")]
    assert known_then(bookings, ANSWERS["open_bookings"]) == ANSWERS["open_bookings"]
    overrides = await items(api, "/overrides")
    assert known_then(overrides, ANSWERS["overrides"]) == ANSWERS["overrides"]
    requests = await items(api, "/requests")
    assert [row["bed_request_id"] for row in requests] == [
        row["bed_request_id"] for row in ANSWERS["requests"]
    ]
    names = ("wanted_from", "displaced_booking_id", "needs", "requested_by")
    then = [{name: row[name] for name in names} for row in ANSWERS["requests"]]
    assert known_then(requests, then) == then


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("asked", ANSWERS["keys"], ids=itemgetter("key"))
async def test_a_key_of_then_is_answered_alike_and_refused_for_another_body(
    long_memory, asked
) -> None:
    api = long_memory
    headers = {
        "X-Actor": asked["actor"],
        "Idempotency-Key": asked["key"],
        "Content-Type": "application/json",
    }
    again = await api.post(asked["path"], content=asked["body"], headers=headers)
    assert (again.status_code, again.json()) == (asked["status"], asked["answer"])
    other = asked["body"].replace("}", " }", 1)
    refused = await api.post(asked["path"], content=other, headers=headers)
    assert refused.json()["code"] == "idempotency_key_reused"


async def test_it_goes_on_in_version_2_and_the_chain_holds_over_both(api, places, desk) -> None:
    why = {"reason_code": "clinical_need", "reason": "the only bed with a monitor"}
    body = {"patient_ref": "V2-1", "needs": {"specialty": "cardiology"}, "override": why}
    body["ends_at"] = None
    made = await api.post(
        "/bookings",
        json={**body, "bed_id": "W2-101-B", "admit": True, "note": "by ambulance"},
        headers={"X-Actor": "clerk.2"},
    )
    assert made.status_code == 201, made.text
    opened = {"reason_code": "ready", "reason": "new lamp", "note": "back by noon"}
    assert (await api.post("/beds/W2-109-C/open", json=opened)).status_code == 200
    stored = {row["seq"]: row for row in stored_rows(places)}
    new = stored[made.json()["seq"]]
    assert new["schema_version"] == 2
    assert new["override_rules"] == ["wrong_specialty", "mixed_sex", "isolation_needed"]
    assert (new["override_reason"], new["note"]) == (why["reason"], "by ambulance")
    assert new.get("override_rule") is None
    last = stored[max(stored)]
    assert (last["reason"], last["note"]) == ("new lamp", "back by noon")
    assert {row["schema_version"] for row in stored.values()} == {1, 2}
    checked = chain.check(stored.values(), chain.read_or_make_salt(places.secrets))
    assert (checked.fault, checked.row_count) == ("", len(stored))


async def test_two_spellings_of_one_patient_who_lies_in_two_beds_are_both_listed(
    places, monkeypatch
) -> None:
    desk = make_desk(places)
    async with serving(desk):
        with monkeypatch.context() as then:
            then.setattr("simulator.domain.decisions.bookings.canonical_ref", str)
            for bed_id, ref in (("W1-101-A", "MRN-100"), ("W2-101-A", "mrn-100")):
                await desk.carry_out(
                    c.BookBed(bed_id=bed_id, patient_ref=ref, admit=True),
                    Context(Source.SYSTEM, unasked("system")),
                )
    assert {row["patient_ref"] for row in stored_rows(places)} >= {"MRN-100", "mrn-100"}
    async with serving(make_desk(places)) as api:
        found = await items(api, "/bookings", patient_ref="Mrn-100")
        assert [(one["bed_id"], one["patient_ref"]) for one in found] == [
            ("W1-101-A", "MRN-100"), ("W2-101-A", "MRN-100")
        ]  # fmt: skip
        left = await api.post(f"/bookings/{found[1]['booking_id']}/discharge")
        assert left.status_code == 200, left.text
    refs = LakeReader(places, [BED_EVENTS]).ask(
        "SELECT DISTINCT patient_ref FROM bronze.bed_events WHERE patient_ref IS NOT NULL"
    )
    assert refs.to_pylist() == [{"patient_ref": "MRN-100"}]


async def test_a_row_of_version_1_that_was_changed_breaks_the_chain(places) -> None:
    rows = [*stored_rows(copied_to(places))]
    secret = chain.read_or_make_salt(places.secrets)
    assert chain.check(rows, secret).fault == ""
    noted = next(row for row in rows if row.get("note"))
    changed = [row | {"note": "another"} if row is noted else row for row in rows]
    assert f"seq {noted['seq']}" in chain.check(changed, secret).fault


async def test_the_view_and_the_function_read_both_versions_alike(api, places: Places) -> None:
    note = {"note": "a row of version 2"}
    assert (await api.post("/beds/W2-101-B/notes", json=note)).status_code == 201
    view = LakeReader(places, [BED_EVENTS]).ask("SELECT * FROM bronze.bed_events ORDER BY seq")
    stored = [dict.fromkeys(BED_EVENTS.column_names) | row for row in stored_rows(places)]
    told = [{name: as_read(row)[name] for name in READ_AS} for row in stored]
    assert [{name: row[name] for name in READ_AS} for row in view.to_pylist()] == told
    assert any(row["override_rules"] == ["overlaps_booking"] for row in told)
    assert {row["lake_mode"] for row in told} == {"demo", None}
