"""Whatever is commanded: the log alone gives the live state, and the invariants hold."""

from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from lake.vocabulary import BedStatus, BookingState
from simulator.domain import commands as c
from simulator.domain.errors import NotThere, Refusal
from simulator.domain.hospital import Hospital, fold
from tests.simulator.ward import BEDS, SmallWard, hours

beds = st.sampled_from(BEDS)
patients = st.sampled_from(["P-1", "P-2", "P-3"])
bookings = st.integers(1, 60).map("B{}".format)
times = st.integers(-2, 12).map(hours)
commands = st.one_of(
    st.builds(c.BookBed, beds, patients, times, st.none() | times, st.booleans()),
    st.builds(c.AdmitPatient, bookings),
    st.builds(c.CancelBooking, bookings),
    st.builds(c.TransferPatient, bookings, beds),
    st.builds(c.DischargePatient, bookings, st.just("home")),
    st.builds(c.ExpectDischarge, bookings, times),
    st.sampled_from([c.MarkBedDirty, c.StartCleaning, c.FinishCleaning, c.StopCleaning]).flatmap(
        lambda command: st.builds(command, beds)
    ),
    st.sampled_from([c.StartIsolation, c.EndIsolation, c.OpenBed, c.AddNote, c.RetireBed]).flatmap(
        lambda command: st.builds(command, beds)
    ),
    st.builds(c.CloseBed, beds, st.just("maintenance")),
    st.integers(1, 120).map(lambda minutes: timedelta(minutes=minutes)),
)


def check_invariants(hospital: Hospital) -> None:
    for bed in hospital.beds.values():
        held = hospital.of_bed.get(bed.bed_id, [])
        active = [b for b in held if b.state is BookingState.ACTIVE]
        assert len(active) == (bed.status in (BedStatus.OCCUPIED, BedStatus.ISOLATED))
        for i, one in enumerate(held):
            assert not any(one.overlaps(b.starts_at, b.ends_at) for b in held[i + 1 :])
    in_beds = [b.patient_ref for b in hospital.bookings.values() if b.state is BookingState.ACTIVE]
    assert len(in_beds) == len(set(in_beds))


@settings(max_examples=150, deadline=None)
@given(st.lists(commands, max_size=40))
def test_a_full_fold_of_the_log_equals_the_live_state(steps) -> None:
    ward = SmallWard()
    for step in steps:
        if isinstance(step, timedelta):
            ward.clock.set(0.0, ward.clock.now() + step)
            continue
        try:
            ward.do(step)
        except (Refusal, NotThere):
            continue
        check_invariants(ward.engine.hospital)
    folded = fold(ward.rows)
    live = ward.engine.hospital
    assert folded.beds == live.beds
    assert folded.bookings == live.bookings
    assert [row["seq"] for row in ward.rows] == list(range(1, len(ward.rows) + 1))
