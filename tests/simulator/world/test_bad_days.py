"""Bad days of the simulated hospital: norovirus in a bay, a rush of emergencies, surge beds."""

from datetime import timedelta

from tests.simulator.world.runs import Run, lived

HOUR = timedelta(hours=1)


def rows(run: Run, event_type: str) -> list[dict]:
    return [row for row in run.rows if row["event_type"] == event_type]


def outbreak() -> Run:
    return lived(21, 21, days_between_outbreaks=5.0)


def test_a_bay_with_norovirus_opens_72_hours_after_the_last_case_at_the_earliest() -> None:
    closed, opened = (rows(outbreak(), kind) for kind in ("admissions_closed", "admissions_opened"))
    bay = closed[0]["room_id"]
    [since, *_], [until, *_] = (
        [row["occurred_at"] for row in of if row["room_id"] == bay] for of in (closed, opened)
    )
    ill = [
        row["occurred_at"]
        for row in rows(outbreak(), "isolation_started")
        if row["room_id"] == bay and since <= row["occurred_at"] <= until
    ]
    assert max([since, *ill]) + 72 * HOUR <= until


def test_nobody_new_comes_into_a_closed_bay() -> None:
    closed: set[str] = set()
    came = []
    for row in outbreak().rows:
        if row["event_type"] == "admissions_closed":
            closed.add(row["room_id"])
        elif row["event_type"] == "admissions_opened":
            closed.discard(row["room_id"])
        elif row["event_type"] == "patient_admitted" and not row.get("override_rules"):
            came.append(row["room_id"] in closed)
    assert len(rows(outbreak(), "admissions_closed")) >= 4
    assert not any(came)


def test_who_lies_in_the_bay_is_a_contact_and_no_longer_one_once_it_is_open() -> None:
    run = outbreak()
    assert [row for row in rows(run, "contact_started") if row["contact_of"] == ["norovirus"]]
    open_rooms = {row["room_id"] for row in rows(run, "admissions_opened")}
    still_closed = {bed.room_id for bed in run.engine.hospital.registered_beds if bed.room_closing}
    stays = [run.engine.hospital.current_booking(bed) for bed in run.engine.hospital.beds]
    exposed = {
        run.engine.hospital.beds[stay.bed_id].room_id
        for stay in stays
        if stay and "norovirus" in stay.contact_of
    }
    assert not exposed & (open_rooms - still_closed)


def test_norovirus_passes_wherever_the_patient_lies_by_then() -> None:
    run = outbreak()
    hospital = run.engine.hospital
    all_started = rows(run, "isolation_started")
    started = [r for r in all_started if r.get("isolation_organism") == "norovirus"]
    long_ago = {r["spell_id"] for r in started if r["occurred_at"] < run.end - timedelta(days=5)}
    still = {stay.spell_id for stay in hospital.bookings.values() if hospital.isolation_of(stay)}
    assert long_ago
    assert not long_ago & still


def test_surge_beds_are_opened_in_a_rush_and_retired_when_it_is_over() -> None:
    run = lived(22, 12, days_between_rushes=6.0, rush_emergencies=80)
    surge = {row["bed_id"] for row in rows(run, "bed_registered") if row["is_temporary"]}
    used = {row["bed_id"] for row in rows(run, "patient_admitted")}
    assert len(surge) == 4
    assert surge & used
    assert surge & {row["bed_id"] for row in rows(run, "bed_retired")}
