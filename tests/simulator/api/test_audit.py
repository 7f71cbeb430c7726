"""What is recorded besides changes, before it is shown: who signed in, was refused, saw whom."""

import asyncio
import time
from pathlib import Path
from typing import Any

import pytest
from fastapi import Request

from lake.errors import LakeError
from lake.places import Places
from lake.tables import AUDIT_EVENTS
from lake.vocabulary import AuditType, Role
from simulator.access.tokens import Scope
from simulator.api.app import _vouch
from simulator.api.recording import _asked_for
from simulator.domain.errors import StorageUnavailable
from simulator.writer import audit
from simulator.writer.audit import Entry, Trail
from simulator.writer.vouching import Vouching, checkpoints_in
from tests.simulator.api.audited import OTHER, OWN, Row, Ward
from tests.simulator.people import WORD


async def test_whoever_signs_in_and_out_is_recorded_with_the_session(ward: Ward) -> None:
    await ward.ask("clerk", "POST /session/end")
    came = ward.rows(AuditType.SIGNED_IN)
    assert [row["actor"] for row in came] == ["viewer", "clerk", "manager"]
    [went] = ward.rows(AuditType.SIGNED_OUT)
    assert went["actor"] == "clerk"
    assert went["session_id"] == came[1]["session_id"]
    assert went["roles"] == "clerk"


async def test_a_patient_is_looked_at_and_it_is_on_disk_before_it_is_answered(ward: Ward) -> None:
    written: list[int] = []
    append = ward.trail._log.append

    def slowly(rows: list[Row]) -> None:
        time.sleep(0.2)
        append(rows)
        written.append(rows[-1]["seq"])

    ward.trail._log.append = slowly
    answer = await ward.ask("clerk", f"GET /patients/{OWN.lower()}")
    assert answer.status_code == 200
    assert written, "the answer came before the row"
    [row] = ward.rows(AuditType.PATIENT_SHOWN)
    assert (row["actor"], row["patient_ref"]) == ("clerk", OWN)
    assert row["asked"] == "GET /patients/{ref}"


async def test_a_board_is_a_row_for_each_ward_and_session_and_a_second_look_is_none(
    ward: Ward,
) -> None:
    for _ in range(3):
        await ward.ask("clerk", "GET /beds")
        await ward.ask("manager", "GET /beds")
        await ward.ask("manager", "GET /beds?ward_id=W1")
    shown = [(row["actor"], row["ward_id"]) for row in ward.rows(AuditType.BOARD_SHOWN)]
    assert shown == [("clerk", "W1"), ("manager", "W1"), ("manager", "W2")]
    await ward.sign_in("clerk")
    await ward.ask("clerk", "GET /beds")
    assert len(ward.rows(AuditType.BOARD_SHOWN)) == 4


@pytest.mark.parametrize(
    ("way", "kind", "column", "value"),
    [
        ("GET /beds/W1-101-A", AuditType.BED_SHOWN, "bed_id", "W1-101-A"),
        (f"GET /bookings?patient_ref={OWN}", AuditType.SEARCH_SHOWN, "patient_ref", OWN),
        ("GET /requests?ward_id=W1", AuditType.SEARCH_SHOWN, "ward_id", "W1"),
        ("GET /overrides", AuditType.SEARCH_SHOWN, "asked", "GET /overrides"),
        ("GET /events", AuditType.SEARCH_SHOWN, "asked", "GET /events"),
        ("GET /lounge", AuditType.SEARCH_SHOWN, "asked", "GET /lounge"),
    ],
)
async def test_each_search_and_each_thing_looked_at_is_a_row(
    ward: Ward, way: str, kind: AuditType, column: str, value: str
) -> None:
    assert (await ward.ask("clerk", way)).status_code == 200
    [row] = ward.rows(kind)
    assert row[column] == value


async def test_who_sees_no_patient_leaves_no_look(ward: Ward) -> None:
    for way in ("GET /beds", "GET /beds/W1-101-A", "GET /events"):
        assert (await ward.ask("viewer", way)).status_code == 200
    assert {row["event_type"] for row in ward.rows()} == {AuditType.SIGNED_IN}


async def test_a_change_that_is_refused_is_recorded_by_rule_and_by_right(ward: Ward) -> None:
    body = {"bed_id": "W1-101-A", "patient_ref": "P-9", "admit": True, "needs": {"sex": "male"}}
    assert (await ward.ask("clerk", "POST /bookings", json=body)).status_code == 409
    body |= {"bed_id": "W2-102-A"}
    assert (await ward.ask("clerk", "POST /bookings", json=body)).status_code == 403
    assert (await ward.ask("viewer", "POST /bookings", json=body)).status_code == 403
    by_rule, by_right, by_role = ward.rows(AuditType.CHANGE_REFUSED)
    assert (by_rule["bed_id"], by_rule["patient_ref"]) == ("W1-101-A", "P-9")
    assert "bed_occupied" in by_rule["code"].split()
    assert (by_right["bed_id"], by_right["code"]) == ("W2-102-A", "not_permitted")
    assert (by_role["actor"], by_role["code"]) == ("viewer", "not_permitted")
    assert {row["asked"] for row in (by_rule, by_right, by_role)} == {"POST /bookings"}


async def test_a_look_at_what_is_none_of_ones_own_is_recorded_as_refused(ward: Ward) -> None:
    assert (await ward.ask("clerk", f"GET /patients/{OTHER}")).status_code == 404
    assert (await ward.ask("viewer", "GET /bookings")).status_code == 403
    elsewhere, by_role = ward.rows(AuditType.READ_REFUSED)
    assert (elsewhere["patient_ref"], elsewhere["code"]) == (OTHER, "not_found")
    assert (by_role["actor"], by_role["asked"]) == ("viewer", "GET /bookings")


async def test_who_may_not_measure_is_counted(ward: Ward) -> None:
    for _ in range(3):
        assert (await ward.ask("manager", "GET /metrics")).status_code == 403
    await ward.trail._write_counts()
    [row] = ward.rows(AuditType.READ_REFUSED)
    assert (row["actor"], row["asked"], row["count"]) == ("manager", "GET /metrics", 3)
    assert row["code"] == "not_permitted"


async def test_what_cannot_be_meant_is_no_refusal(ward: Ward) -> None:
    assert (await ward.ask("clerk", "POST /bookings", json={"bed": 1})).status_code == 422
    assert not ward.rows(AuditType.CHANGE_REFUSED)


async def test_failed_and_unsigned_ones_are_counted_and_names_that_are_none_are_not_kept(
    ward: Ward,
) -> None:
    for _ in range(4):
        await ward.sign_in("clerk", "wrong")
        await ward.sign_in("my-password-typed-as-a-name", "wrong")
        await ward.api.get("/beds")
    assert not ward.rows(AuditType.SIGN_IN_FAILED, AuditType.UNSIGNED_REFUSED)
    await ward.trail.close()
    failed = ward.rows(AuditType.SIGN_IN_FAILED)
    assert {(row["actor"], row["count"]) for row in failed} == {("clerk", 4), (None, 4)}
    [unsigned] = ward.rows(AuditType.UNSIGNED_REFUSED)
    assert unsigned["count"] == 4
    assert "my-password" not in str(ward.rows())
    ward.trail.ready.clear()


async def test_nobody_unsigned_makes_rows_without_bound(tmp_path: Path) -> None:
    trail = Trail(Places(tmp_path, str(tmp_path / "lake")), "snr")
    for nth in range(audit.MOST_COUNTED + 500):
        trail.count(Entry(AuditType.UNSIGNED_REFUSED, address=str(nth)))
    assert len(trail._counted) == audit.MOST_COUNTED + 1
    assert sum(trail._counted.values()) == audit.MOST_COUNTED + 500


async def test_while_it_cannot_be_recorded_nothing_is_shown(ward: Ward) -> None:
    await ward.ask("clerk", "GET /beds")

    def away(_: Any) -> None:
        raise OSError("the disk is away")

    ward.trail._log.append = away
    ward.trail._log.landed = away
    answer = await ward.ask("clerk", f"GET /patients/{OWN}")
    assert answer.status_code == 503
    assert OWN not in answer.text
    body = {"bed_id": "W1-101-A", "patient_ref": "P-9", "needs": {"sex": "male"}}
    assert (await ward.ask("clerk", "POST /bookings", json=body)).status_code == 503
    assert (await ward.ask("viewer", "GET /beds")).status_code == 200
    del ward.trail._log.landed, ward.trail._log.append
    await asyncio.sleep(1.2)
    assert (await ward.ask("clerk", f"GET /patients/{OWN}")).status_code == 200


async def test_pages_tell_what_they_show_with_the_persons_own_session(ward: Ward) -> None:
    look = {"shown": "board_shown", "asked": "beds", "ward_ids": ["W1", "W2"]}
    for _ in range(2):
        answer = await ward.ask("manager", "POST /session/looks", json=look)
        assert answer.status_code == 200, answer.text
    shown = [(row["actor"], row["ward_id"]) for row in ward.rows(AuditType.BOARD_SHOWN)]
    assert shown == [("manager", "W1"), ("manager", "W2")]
    export = {"shown": "data_exported", "asked": "ward.csv", "ward_ids": []}
    for _ in range(2):
        await ward.ask("manager", "POST /session/looks", json=export)
    assert len(ward.rows(AuditType.DATA_EXPORTED)) == 2
    await ward.ask("manager", "POST /session/lock")
    assert (await ward.ask("manager", "POST /session/looks", json=export)).status_code == 401


async def test_a_service_that_reads_patients_is_recorded_by_its_token(ward: Ward) -> None:
    token = ward.gate.tokens.add("feed", Role.MANAGER, scopes=[Scope.READ])
    ward.secrets["feed"] = token
    await ward.ask("feed", f"GET /patients/{OWN}")
    [row] = ward.rows(AuditType.PATIENT_SHOWN)
    assert row["actor"].startswith("token:feed.")
    assert row["session_id"] is None


async def test_another_start_goes_on_with_the_chain(ward: Ward) -> None:
    before = ward.rows()
    await ward.trail.close()
    ward.trail.ready.clear()
    again = Trail(ward.places, "snr")
    await again.open()
    await again.record(Entry(AuditType.SIGNED_IN, actor="x"))
    await again.close()
    rows = ward.rows()
    assert [row["seq"] for row in rows] == list(range(1, len(before) + 2))


async def test_another_question_is_another_look(ward: Ward) -> None:
    for way in ("GET /bookings", "GET /bookings", "GET /bookings?limit=1", "GET /bookings?limit=2"):
        assert (await ward.ask("clerk", way)).status_code == 200
    for sex in ("male", "male", "female"):
        body = {"needs": {"sex": sex}}
        assert (await ward.ask("clerk", "POST /beds/search", json=body)).status_code == 200
    asked = [row["asked"] for row in ward.rows(AuditType.SEARCH_SHOWN)]
    assert asked == ["GET /bookings"] * 3 + ["POST /beds/search"] * 2


async def test_a_board_of_another_time_is_a_search(ward: Ward) -> None:
    """Of wards that may be none any more, so no row a ward."""
    at = ward.desk.commit.recent[-1]["occurred_at"].isoformat()
    for _ in range(2):
        answer = await ward.ask("clerk", "GET /beds", params={"at": at})
        assert answer.status_code == 200, answer.text
    assert len(ward.rows(AuditType.SEARCH_SHOWN)) == 1
    assert not ward.rows(AuditType.BOARD_SHOWN)


async def test_a_page_tells_of_no_more_than_its_person_sees(ward: Ward) -> None:
    look = {"shown": "board_shown", "asked": "beds", "ward_ids": ["W1", "W2", "W9"]}
    for who, wards, count in (("clerk", ["W1", "W2"], 1), ("clerk", ["W2"], 0), ("viewer", [], 0)):
        answer = await ward.ask(who, "POST /session/looks", json=look | {"ward_ids": wards})
        assert answer.json() == {"count": count}
    await ward.ask("manager", "POST /session/looks", json=look)
    shown = [(row["actor"], row["ward_id"]) for row in ward.rows(AuditType.BOARD_SHOWN)]
    assert shown[:1] == [("clerk", "W1")]
    # Of W9 no bed is left, and what happened there is shown to managers still.
    assert shown[1:] == [("manager", "W1"), ("manager", "W2"), ("manager", "W9")]


async def test_where_a_stream_goes_on_is_another_look(ward: Ward) -> None:
    request = {"type": "http", "path_params": {}, "query_string": b"", "method": "GET"}
    asked = [
        await _asked_for(Request(request | {"headers": headers}))
        for headers in ([], [(b"last-event-id", b"0")], [(b"last-event-id", b"7")])
    ]
    assert asked == [{}, {"last_event_id": "0"}, {"last_event_id": "7"}]


async def test_what_a_page_searched_for_makes_another_look(ward: Ward) -> None:
    look = {"shown": "search_shown", "asked": "updates", "ward_ids": ["W1"]}
    for detail in ("", "a", "a", "b"):
        await ward.ask("manager", "POST /session/looks", json=look | {"detail": detail})
    assert len(ward.rows(AuditType.SEARCH_SHOWN)) == 3


async def test_a_look_that_was_refused_is_recorded_once(ward: Ward) -> None:
    for _ in range(3):
        await ward.ask("clerk", f"GET /patients/{OTHER}")
    assert len(ward.rows(AuditType.READ_REFUSED)) == 1


async def test_a_password_that_is_changed_is_recorded_wherever_it_is(ward: Ward) -> None:
    body = {"name": "clerk", "password": WORD, "new_password": "a longer walk away"}
    assert (await ward.api.post("/sign-in", json=body)).status_code == 201
    body = {"password": WORD, "new_password": "a longer walk away"}
    assert (await ward.ask("manager", "PUT /session/password", json=body)).status_code == 201
    changed = [(row["actor"], row["asked"]) for row in ward.rows(AuditType.PASSWORD_CHANGED)]
    assert changed == [("clerk", "POST /sign-in"), ("manager", "PUT /session/password")]


async def test_what_cannot_be_recorded_changes_no_password(ward: Ward) -> None:
    new = "a longer walk away"
    ward.trail.ready.clear()
    body = {"name": "clerk", "password": WORD, "new_password": new}
    assert (await ward.api.post("/sign-in", json=body)).status_code == 503
    body = {"password": WORD, "new_password": new}
    assert (await ward.ask("clerk", "PUT /session/password", json=body)).status_code == 503
    ward.trail.ready.set()
    assert (await ward.sign_in("clerk", new)).status_code == 401
    assert (await ward.sign_in("clerk", WORD)).status_code == 201


async def test_what_was_counted_is_kept_until_it_is_on_disk(ward: Ward) -> None:
    for _ in range(3):
        await ward.api.get("/beds")

    def away(_: Any) -> None:
        raise OSError("the disk is away")

    ward.trail._log.append = away
    ward.trail._log.landed = away
    with pytest.raises(StorageUnavailable):
        await ward.trail._write_counts()
    await ward.api.get("/beds")
    del ward.trail._log.landed, ward.trail._log.append
    await asyncio.sleep(1.2)
    for _ in range(2):
        await ward.trail._write_counts()
    assert [row["count"] for row in ward.rows(AuditType.UNSIGNED_REFUSED)] == [4]


async def test_the_audit_of_another_hospital_is_refused(ward: Ward) -> None:
    await ward.trail.close()
    ward.trail.ready.clear()
    with pytest.raises(LakeError, match="is of the hospital snr, not other"):
        await Trail(ward.places, "other").open()


async def test_nothing_is_vouched_for_that_was_lost_meanwhile(ward: Ward, tmp_path: Path) -> None:
    """A commit that failed gives its numbers to other rows."""
    vouching = Vouching(tmp_path / "signed", ward.places.secrets, "snr")
    durable = ward.trail.commit.durable

    async def lost() -> None:
        await durable()
        ward.trail.commit.generation += 1

    ward.trail.commit.durable = lost
    await _vouch(vouching, ward.desk, ward.trail)
    assert not checkpoints_in(vouching.folder)
    del ward.trail.commit.durable
    await _vouch(vouching, ward.desk, ward.trail)
    [checkpoint] = checkpoints_in(vouching.folder)
    book = ward.trail.commit.engine
    assert checkpoint.heads[AUDIT_EVENTS.name] == (book.head_seq, book.head_hash)
