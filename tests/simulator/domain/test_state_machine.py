"""Whatever is commanded, in whatever order, with restarts: the rules hold, and the log tells all.

An oracle that knows nothing of the engine says which commands must be accepted or refused.
"""

from collections import Counter, defaultdict
from contextlib import suppress
from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from lake.tables import NEEDED_BY_TYPE
from lake.vocabulary import (
    HOLDS_A_PATIENT,
    LEGAL_BED_STATUS_CHANGES,
    Away,
    BedStatus,
    DisplayStatus,
    Rule,
)
from simulator.domain import commands as c
from simulator.domain.errors import SENTENCES, Forbidden, InvalidRequest, NotThere, Refusal
from simulator.domain.hospital import fold, infection_of
from simulator.domain.house import House, WardProfile
from simulator.domain.needs import NO_ISOLATION, SOURCE, Isolation, Needs
from simulator.domain.overrides import Override
from tests.simulator.domain.oracle import Oracle
from tests.simulator.ward import BEDS, MAN, WOMAN, SmallWard, discharge_correction, hours, undoing

OVERRIDE = Override("clinical_need", "no other bed in the house")

ISOLATIONS = (SOURCE, Isolation("source", "norovirus"), Isolation("protective"), NO_ISOLATION)

beds = st.sampled_from(BEDS)
patients = st.sampled_from([f"P-{n}" for n in range(1, 6)])
times = st.integers(-1, 30).map(hours)
ends = st.none() | times
dispositions = st.sampled_from(["home", "home", "died"])
overrides = st.none() | st.just(OVERRIDE)
needs = st.builds(
    Needs,
    room_class=st.none() | st.sampled_from(["general", "icu"]),
    isolation=st.none() | st.sampled_from(ISOLATIONS),
    sex=st.none() | st.sampled_from(["female", "male", "unknown"]),
    level_of_care=st.none() | st.sampled_from(["ward", "intensive"]),
    placed_with=st.none() | st.sampled_from(["female", "male", "P-1"]),
)
WITH_NOROVIRUS = Needs(sex="female", isolation=ISOLATIONS[1])
INTENSIVE = Needs(sex="female", level_of_care="intensive")
women = st.sampled_from([WOMAN, WOMAN, WOMAN, WITH_NOROVIRUS, INTENSIVE, MAN])
LEVELS = {"W2": {"intensive"}}
HOUSE = House(wards={"W2": WardProfile(levels_of_care=frozenset(LEVELS["W2"]))})


class Ward(RuleBasedStateMachine):
    @initialize(there=st.lists(women, max_size=3))
    def open(self, there) -> None:
        """Some patients are there already."""
        self.ward = SmallWard()
        self.ward.engine.hospital.house = HOUSE
        self.oracle = Oracle(levels=LEVELS)
        self.oracle.learn(self.ward.rows)
        for nth, (bed, needs) in enumerate(zip(BEDS, there, strict=False), 1):
            command = c.BookBed(bed_id=bed, patient_ref=f"P-{nth}", admit=True, needs=needs)
            self.attempt(command)

    def attempt(self, command: c.Command, actor: str = "tester") -> bool:
        now = self.ward.clock.now()
        verdict = self.oracle.verdict(command, now)
        exposed = self.exposed()
        rows = self.rows_of(command, actor)
        if not rows:
            assert verdict is not True, f"{command} was refused"
            return False
        if getattr(command, "override", None) is None:
            assert verdict is not False, f"{command} was accepted"
        for row in rows:
            self.check_status_change(row)
        self.oracle.learn(rows)
        if not isinstance(command, c.EndContact | c.CancelEvent | c.MergePatients):
            self.check_still_exposed(exposed)
        return True

    def exposed(self) -> dict[str, frozenset[str]]:
        stays = (p for p in self.oracle.promises.values() if p.in_bed)
        return {stay.patient: stay.exposed_to for stay in stays}

    def check_still_exposed(self, before: dict[str, frozenset[str]]) -> None:
        """Wherever they are moved, if by another name: what a patient has goes by its organism once
        that is known."""
        organisms = {
            stay.spell: stay.who.isolation[1]
            for stay in self.oracle.promises.values()
            if stay.in_bed and stay.who.isolation
        }
        for patient, exposed_to in self.exposed().items():
            for infection in before.get(patient, frozenset()):
                assert {infection, organisms.get(infection)} & exposed_to

    def rows_of(self, command: c.Command, actor: str) -> list[dict]:
        try:
            return self.ward.do_all(command, actor)
        except (Refusal, NotThere, Forbidden):
            return []

    def check_status_change(self, row: dict) -> None:
        before = self.oracle.status.get(row.get("bed_id") or "")
        after = row.get("bed_status")
        if before and after and before != after and row["event_type"] != "bed_registered":
            assert (BedStatus(before), BedStatus(after)) in LEGAL_BED_STATUS_CHANGES

    def a_booking(self, data: st.DataObject) -> str:
        known = sorted(self.oracle.promises, key=lambda b: int(b[1:]))
        return data.draw(st.sampled_from([*known, "B999"]))

    @rule(
        bed=beds,
        patient=patients,
        start=st.none() | times,
        end=ends,
        admit=st.booleans(),
        needs=women | needs,
    )
    def book(self, bed, patient, start, end, admit, needs) -> None:
        now = self.ward.clock.now()
        start = start if start is None or start >= now else now
        self.attempt(
            c.BookBed(
                bed_id=bed, patient_ref=patient, starts_at=start, ends_at=end, admit=admit,
                needs=needs,
            )
        )  # fmt: skip

    @rule(bed=beds, patient=patients, end=ends, needs=women)
    def admit_somebody(self, bed, patient, end, needs) -> None:
        self.attempt(
            c.BookBed(bed_id=bed, patient_ref=patient, ends_at=end, admit=True, needs=needs)
        )

    @rule(data=st.data(), bed=beds)
    def move_somebody(self, data, bed) -> None:
        """A clean bed, to a patient who is there."""
        self.attempt(c.StartCleaning(bed_id=bed))
        self.attempt(c.FinishCleaning(bed_id=bed))
        stays = sorted(b for b, p in self.oracle.promises.items() if p.in_bed)
        if stays:
            booking = data.draw(st.sampled_from(stays))
            self.attempt(c.TransferPatient(booking_id=booking, to_bed_id=bed))

    @rule(bed=beds, patient=patients, start=times, end=ends, admit=st.booleans(), needs=needs)
    def book_with_needs_against_rules(self, bed, patient, start, end, admit, needs) -> None:
        self.attempt(
            c.BookBed(
                bed_id=bed,
                patient_ref=patient,
                starts_at=start,
                ends_at=end,
                admit=admit,
                needs=needs,
                override=OVERRIDE,
            )
        )

    @rule(data=st.data(), override=overrides)
    def admit(self, data, override) -> None:
        self.attempt(c.AdmitPatient(booking_id=self.a_booking(data), override=override))

    @rule(data=st.data(), bed=beds, start=times, end=ends, override=overrides)
    def change(self, data, bed, start, end, override) -> None:
        self.attempt(
            c.ChangeReservation(
                booking_id=self.a_booking(data),
                bed_id=bed,
                starts_at=start,
                ends_at=end,
                override=override,
            )
        )

    @rule(data=st.data(), bed=beds, override=overrides)
    def transfer(self, data, bed, override) -> None:
        self.attempt(
            c.TransferPatient(
                booking_id=self.a_booking(data), to_bed_id=bed, needs=None, override=override
            )
        )

    @rule(data=st.data(), override=overrides)
    def swap(self, data, override) -> None:
        self.attempt(
            c.SwapPatients(
                booking_id=self.a_booking(data),
                with_booking_id=self.a_booking(data),
                override=override,
            )
        )

    @rule(data=st.data(), end=ends, override=overrides)
    def expect_discharge(self, data, end, override) -> None:
        self.attempt(
            c.ExpectDischarge(booking_id=self.a_booking(data), expected_at=end, override=override)
        )

    @rule(
        data=st.data(), command=st.sampled_from([c.GoAway, c.ComeBack]), away=st.sampled_from(Away)
    )
    def go_and_come(self, data, command, away) -> None:
        self.attempt(command(booking_id=self.a_booking(data), away_as=away))

    @rule(data=st.data(), end=ends, needs_bed=st.none() | st.booleans(), override=overrides)
    def progress(self, data, end, needs_bed, override) -> None:
        self.attempt(
            c.ProgressStay(
                booking_id=self.a_booking(data), expected_at=end, needs_bed=needs_bed,
                override=override,
            )
        )  # fmt: skip

    @rule(data=st.data(), disposition=dispositions)
    def leave(self, data, disposition) -> None:
        self.attempt(c.DischargePatient(booking_id=self.a_booking(data), disposition=disposition))

    @rule(data=st.data(), minutes=st.integers(1, 120))
    def leave_as_of_earlier(self, data, minutes) -> None:
        """Entered late: never before the bed's status, whatever was noted since."""
        at = self.ward.clock.now() - timedelta(minutes=minutes)
        before = len(self.ward.rows)
        with suppress(Refusal, NotThere):
            self.ward.do_at(
                c.DischargePatient(booking_id=self.a_booking(data), disposition="home"), at
            )
        self.oracle.learn(self.ward.rows[before:])

    @rule(data=st.data(), disposition=dispositions)
    def correct_a_discharge(self, data, disposition) -> None:
        ended = [r for r in self.ward.rows if r["event_type"] == "patient_discharged"]
        if ended:
            row = data.draw(st.sampled_from(ended[-4:]))
            self.attempt(discharge_correction(self.ward.rows, row["booking_id"], disposition))

    @rule(
        data=st.data(),
        command=st.sampled_from(
            [c.CancelBooking, c.ExpireBooking, c.ConfirmDischarge, c.EndContact]
        ),
    )
    def about_a_booking(self, data, command) -> None:
        self.attempt(command(booking_id=self.a_booking(data)))

    @rule(data=st.data())
    def cancel_an_event(self, data) -> None:
        kinds = ("patient_admitted", "patient_transferred", "patient_discharged")
        known = [row["event_id"] for row in self.ward.rows if row["event_type"] in kinds]
        if known:
            event_id = data.draw(st.sampled_from(known[-6:]))
            self.attempt(undoing(self.ward.rows, event_id))

    @rule(
        bed=beds,
        command=st.sampled_from(
            [c.MarkBedDirty, c.StartCleaning, c.FinishCleaning, c.StopCleaning, c.AddNote]
        ),
    )
    def clean(self, bed, command) -> None:
        self.attempt(command(bed_id=bed))

    @rule(bed=beds, command=st.sampled_from([c.EndIsolation, c.OpenBeds]))
    def about_beds(self, bed, command) -> None:
        self.attempt(command(bed_ids=(bed,)))

    @rule(bed=beds, isolation=st.sampled_from(ISOLATIONS[:-1]))
    def isolate(self, bed, isolation) -> None:
        if self.attempt(c.StartIsolation(bed_ids=(bed,), isolation=isolation)):
            self.check_room_of(bed)

    def check_room_of(self, bed: str) -> None:
        """Whoever lies beside a source of infection was exposed to it, or has the same."""
        hospital = self.ward.engine.hospital
        source = hospital.current_booking(bed)
        infection = infection_of(hospital.isolation_of(source), source)
        for other in hospital.room_mates(hospital.beds[bed]):
            if infection and (stay := hospital.current_booking(other.bed_id)):
                same = infection_of(hospital.isolation_of(stay), stay)
                assert infection in (*stay.contact_of, same)

    @rule(data=st.data(), needs=needs)
    def learn_more(self, data, needs) -> None:
        self.attempt(c.ChangeNeeds(booking_id=self.a_booking(data), needs=needs))

    @rule(bed=beds, until=st.none() | times, override=overrides)
    def close(self, bed, until, override) -> None:
        if until is None:
            self.attempt(
                c.CloseBeds(
                    bed_ids=(bed,), reason_code="maintenance", until_at=None, override=override
                )
            )
        elif until > self.ward.clock.now():
            pair = (bed,) if bed == BEDS[0] else (bed, BEDS[0])
            self.attempt(
                c.CloseBeds(
                    bed_ids=pair, reason_code="maintenance", until_at=until, override=override
                )
            )

    @rule(bed=beds, until=st.none() | times, is_ward=st.booleans())
    def close_to_admissions(self, bed, until, is_ward) -> None:
        if until is None or until > self.ward.clock.now():
            self.attempt(
                c.CloseAdmissions(
                    bed_ids=self.beds_with(bed, is_ward), reason_code="norovirus",
                    is_ward=is_ward, until_at=until,
                )
            )  # fmt: skip

    @rule(bed=beds, is_ward=st.booleans())
    def open_to_admissions(self, bed, is_ward) -> None:
        self.attempt(c.OpenAdmissions(bed_ids=self.beds_with(bed, is_ward), is_ward=is_ward))

    def beds_with(self, bed, is_ward) -> tuple[str, ...]:
        hospital = self.ward.engine.hospital
        bed = hospital.beds[bed]
        found = (
            hospital.beds_of_ward(bed.ward_id) if is_ward else hospital.beds_of_room(bed.room_id)
        )
        return tuple(one.bed_id for one in found)

    @rule(bed=beds, is_staffed=st.booleans())
    def staff(self, bed, is_staffed) -> None:
        self.attempt(c.UpdateBed(bed_id=bed, is_staffed=is_staffed))

    @rule(bed=beds, override=overrides)
    def retire_and_register(self, bed, override) -> None:
        self.attempt(c.RetireBed(bed_id=bed, override=override))
        room, ward = bed.rsplit("-", 1)[0], bed.split("-")[0]
        self.attempt(
            c.RegisterBed(
                bed_id=bed,
                room_id=room,
                ward_id=ward,
                ward_name=f"Ward {ward}",
                specialty="general",
                room_class="general",
            )
        )

    @rule(bed=beds, patient=patients, minutes=st.integers(1, 120))
    def admit_as_of_earlier(self, bed, patient, minutes) -> None:
        """Never into a time at which the patient was elsewhere, or before the bed's last event."""
        at = self.ward.clock.now() - timedelta(minutes=minutes)
        before = len(self.ward.rows)
        with suppress(Refusal):
            self.ward.do_at(c.BookBed(bed_id=bed, patient_ref=patient, admit=True), at)
        self.oracle.learn(self.ward.rows[before:])

    @rule(override=overrides)
    def surge(self, override) -> None:
        surge = c.RegisterBed(
            bed_id="W1-109-A",
            room_id="W1-109",
            ward_id="W1",
            ward_name="Ward W1",
            specialty="general",
            room_class="general",
        )
        self.attempt(surge)
        self.attempt(c.RetireBed(bed_id="W1-109-A", override=override))

    @rule(patient=patients, needs=needs, wanted=st.none() | times)
    def request(self, patient, needs, wanted) -> None:
        self.attempt(
            c.RequestBed(patient_ref=patient, ward_id="W1", needs=needs, wanted_from=wanted)
        )

    @rule(data=st.data(), needs=needs, wanted=st.none() | times)
    def change_a_request(self, data, needs, wanted) -> None:
        waiting = [r.bed_request_id for r in self.ward.engine.hospital.waiting_list]
        request = data.draw(st.sampled_from([*waiting, "R999"]))
        self.attempt(c.ChangeRequest(bed_request_id=request, needs=needs, wanted_from=wanted))

    @rule(data=st.data(), bed=beds, admit=st.booleans(), override=overrides)
    def place_or_withdraw(self, data, bed, admit, override) -> None:
        waiting = [r.bed_request_id for r in self.ward.engine.hospital.waiting_list]
        if waiting:
            request = data.draw(st.sampled_from(waiting))
            self.attempt(
                c.PlaceRequest(
                    bed_request_id=request,
                    bed_id=bed,
                    starts_at=None,
                    ends_at=None,
                    admit=admit,
                    override=override,
                )
            )
            self.attempt(c.WithdrawRequest(bed_request_id=request))

    @rule(data=st.data(), admit=st.booleans())
    def place_all(self, data, admit) -> None:
        """Whoever waits, in any order, in any beds."""
        waiting = data.draw(st.permutations(self.ward.engine.hospital.waiting_list))
        pairs = tuple(
            c.Pair(
                place=c.PlaceRequest(
                    bed_request_id=request.bed_request_id, bed_id=data.draw(beds), admit=admit
                ),
                seq=request.seq,
            )
            for request in waiting[:3]
        )
        if pairs:
            self.attempt(c.PlaceAll(pairs=pairs))

    @rule(patient=patients, into=patients, can_wait=st.booleans())
    def merge(self, patient, into, can_wait) -> None:
        if patient != into:
            with suppress(InvalidRequest):
                self.attempt(c.MergePatients(patient_ref=patient, into=into, can_wait=can_wait))

    @rule(patient=patients)
    def take_a_merge_apart(self, patient) -> None:
        self.attempt(c.CancelMerge(patient_ref=patient))

    @rule()
    def settle_merges(self) -> None:
        self.attempt(c.SettleMerges())

    @rule(actor=st.sampled_from(["tester", "matron", "anonymous"]))
    def review(self, actor) -> None:
        for event_id in list(self.ward.engine.hospital.overrides)[:1]:
            self.attempt(c.ReviewOverride(event_id=event_id), actor)

    @rule(minutes=st.integers(1, 180))
    def time_passes(self, minutes) -> None:
        self.ward.clock.set(0.0, self.ward.clock.now() + timedelta(minutes=minutes))

    @rule()
    def restart(self) -> None:
        self.ward.engine.hospital = fold(self.ward.rows)
        self.ward.engine.hospital.house = HOUSE

    @invariant()
    def every_row_has_what_the_checks_of_the_stream_ask_for(self) -> None:
        for row in self.ward.rows:
            for types, columns in NEEDED_BY_TYPE:
                if row["event_type"] in types:
                    assert [name for name in columns if row.get(name) is None] == [], row
            if row.get("starts_at") and row.get("ends_at"):
                assert row["starts_at"] <= row["ends_at"], row

    @invariant()
    def no_two_patients_in_a_bed_and_none_in_two(self) -> None:
        stays = [p for p in self.oracle.promises.values() if p.in_bed]
        assert all(n == 1 for n in Counter(p.bed for p in stays).values())
        assert all(n == 1 for n in Counter(p.patient for p in stays).values())
        held = {bed for bed, status in self.oracle.status.items() if status in HOLDS_A_PATIENT}
        assert held == {p.bed for p in stays}

    @invariant()
    def no_planned_intervals_overlap(self) -> None:
        promises = list(self.oracle.promises.values())
        for i, one in enumerate(promises):
            for other in promises[i + 1 :]:
                assert one.bed != other.bed or not one.meets(other.start, other.end)

    @invariant()
    def nobody_was_ever_in_two_beds(self) -> None:
        """By the stays as the log now tells them."""
        stays = {}
        for row in self.ward.rows:
            if row.get("stay_id") and row.get("booking_state"):
                stays.setdefault(row["stay_id"], []).append(row)
        spans = defaultdict(list)
        for rows in stays.values():
            if (last := rows[-1])["booking_state"] in ("active", "completed"):
                begun = min(r["occurred_at"] for r in rows if r["booking_state"] == "active")
                ended = last["occurred_at"] if last["booking_state"] == "completed" else hours(999)
                spans[last["patient_ref"]].append((begun, ended))
        for of_patient in spans.values():
            ordered = sorted(of_patient)
            assert all(a[1] <= b[0] for a, b in pairwise(ordered)), ordered

    @invariant()
    def an_override_shows_on_its_bed_until_it_is_reviewed(self) -> None:
        hospital = self.ward.engine.hospital
        waiting = Counter(override.bed_id for override in hospital.overrides.values())
        for bed in hospital.registered_beds:
            assert bed.unreviewed_override_count == waiting[bed.bed_id]

    @invariant()
    def who_is_in_a_bed_stands_in_its_diary(self) -> None:
        hospital = self.ward.engine.hospital
        stays = [b for booked in hospital.of_bed.values() for b in booked if b.is_stay]
        assert hospital.in_bed == {stay.bed_id: stay for stay in stays}

    @invariant()
    def a_bed_is_isolated_as_its_patient_is(self) -> None:
        for bed in self.ward.engine.hospital.registered_beds:
            stay = self.ward.engine.hospital.current_booking(bed.bed_id)
            if stay:
                assert bool(stay.needs.isolation) == (bed.status is BedStatus.ISOLATED)

    @invariant()
    def the_five_display_counts_add_up(self) -> None:
        hospital, now = self.ward.engine.hospital, self.ward.clock.now()
        registered = list(hospital.registered_beds)
        shown = Counter(hospital.display_status(bed, now) for bed in registered)
        assert sum(shown[status] for status in DisplayStatus) == len(registered)

    @invariant()
    def a_full_fold_of_the_log_is_the_live_state(self) -> None:
        assert fold(self.ward.rows) == self.ward.engine.hospital


def lived(profile: settings) -> settings:
    return settings(profile, stateful_step_count=50, suppress_health_check=[HealthCheck.too_slow])


TestWard = Ward.TestCase
TestWard.settings = lived(settings())


@pytest.mark.long
@pytest.mark.timeout(1800)
class TestWardForLong(Ward.TestCase):
    settings = lived(settings.get_profile("long"))


def test_every_rule_of_the_vocabulary_has_a_sentence() -> None:
    assert set(SENTENCES) == set(Rule)
