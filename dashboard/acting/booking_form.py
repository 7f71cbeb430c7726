"""The widgets that ask what is to be booked."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import streamlit as st

from dashboard import theme
from dashboard.acting import finding, legal, pick
from dashboard.asking.board import Bed, Filter, choices
from dashboard.times import Here
from lake.vocabulary import AdmissionType, AgeGroup, IsolationKind, LevelOfCare, RoomClass, Sex
from simulator.client import BedSearch, Hospital, Isolation, Needs, NewBooking

PRIORITIES = (1, 2, 3, 4, 5)
USUAL, OPEN, SET = "usual stay", "open", "at a set time"


def ask_wish(beds: Sequence[Bed], here: Here, hospital: Hospital | None) -> NewBooking | None:
    """What is asked for, once it is complete. Sex and age group come first: they decide which
    rooms and wards will do. What is left out travels as left out."""
    who = ask_who(hospital, "wish")
    ref = st.text_input(
        "Patient reference", placeholder="for example P-10293, never a name", max_chars=64
    ).strip()
    where = _ask_where(beds)
    starts_at, ends = _ask_interval(here)
    needs = who | ask_needs(choices(beds, "specialty"), hospital, with_priority=True)
    problem = legal.patient_ref_problem(ref) or legal.interval_problem(
        starts_at, ends.get("ends_at"), here.now
    )
    is_ahead = starts_at is not None and starts_at > here.now
    sought = BedSearch(
        needs=Needs(**needs),
        limit=finding.EVERY_BED,
        **ends,
        **({"starts_at": starts_at} if is_ahead else {}),
        **_of_the_patient(ref),
    )
    bed = _ask_bed(beds, here, where, sought if {*who} == {"sex", "age_group"} else None)
    mother = _ask_mother(bed)
    admit = st.checkbox("Admit now: the patient is here", disabled=starts_at is not None)
    if ref and problem:
        st.warning(problem)
    if problem or bed is None:
        return None
    said = {"starts_at": starts_at, "needs": Needs(**needs) if needs else None, **mother}
    return NewBooking(
        bed_id=bed["bed_id"],
        patient_ref=ref,
        admit=admit and starts_at is None,
        **ends,
        **{name: value for name, value in said.items() if value is not None},
    )


def ask_who(hospital: Hospital | None, key: str) -> dict[str, Any]:
    """Sex and age group, in one click each."""
    left, right = st.columns(2)
    ages = legal.ages_in_words(hospital)
    sex = left.pills("Sex", [*Sex], format_func=theme.words, key=f"{key}-sex", wrap=True)
    age = right.pills(
        "Age group", [*AgeGroup], format_func=lambda age: ages[age], key=f"{key}-age", wrap=True
    )
    who = {"sex": sex, "age_group": age}
    return {name: value for name, value in who.items() if value is not None}


def ask_placed_with(key: str) -> str | None:
    """Whose room, of a patient whose sex does not say it."""
    return pick.word("Placed with", ["female", "male"], "As the sex says", f"{key}-with")


def _ask_where(beds: Sequence[Bed]) -> Filter:
    left, right = st.columns(2)
    with left:
        ward_id = pick.word("Ward", choices(beds, "ward_id"))
    with right:
        room_class = pick.word("Room class", choices(beds, "room_class"))
    return Filter(ward_id=ward_id, room_class=room_class)


def _ask_bed(
    beds: Sequence[Bed], here: Here, where: Filter, sought: BedSearch | None
) -> Bed | None:
    """The ward is what the matcher prefers; without the matcher it is what is shown."""
    of_class = [bed for bed in beds if Filter(room_class=where.room_class).lets_through(bed)]
    first = st.session_state.get("wanted_bed_id")
    if sought is None:
        st.caption("Choose sex and age group to see which beds would do.")
    ward_id = where.ward_id or next((b["ward_id"] for b in beds if b["bed_id"] == first), None)
    return finding.pick_bed(
        of_class,
        here,
        "booked_bed_id",
        sought and finding.on_ward(sought, ward_id),
        unranked=legal.free_first(bed for bed in beds if where.lets_through(bed)),
        first=first,
    )


def _of_the_patient(ref: str) -> dict[str, str]:
    """Whose own bookings are not in the way, and beside whom a newborn may lie."""
    refs = {"patient_ref": ref, "mother_ref": st.session_state.get("mother", "").strip()}
    return {name: ref for name, ref in refs.items() if not legal.patient_ref_problem(ref)}


def _ask_mother(bed: Bed | None) -> dict[str, Any]:
    if bed is None or not bed["is_cot"]:
        return {}
    ref = st.text_input("Mother's reference", max_chars=64, key="mother").strip()
    return {"mother_ref": ref} if ref and not legal.patient_ref_problem(ref) else {}


def _ask_interval(here: Here) -> tuple[datetime | None, dict[str, datetime | None]]:
    """Start (None: now) and end: left out, null (open) or an instant."""
    left, right = st.columns(2)
    starts_at = None
    ends: dict[str, datetime | None] = {}
    with left:
        if st.radio("Starts", ["now", "later"], horizontal=True) == "later":
            starts_at = pick.instant("Starts", here, timedelta(hours=1), "starts")
    with right:
        until = st.radio("Ends", [USUAL, SET, OPEN], horizontal=True)
        if until == SET:
            ends = {"ends_at": pick.instant("Ends", here, timedelta(days=2), "ends")}
        elif until == OPEN:
            ends = {"ends_at": None}
    return starts_at, ends


def ask_needs(
    specialties: Sequence[str], hospital: Hospital | None, *, with_priority: bool = False
) -> dict[str, Any]:
    with st.expander("Needs of the patient (optional)"):
        left, right = st.columns(2)
        with left:
            specialty = pick.word("Needed specialty", specialties)
            level = pick.word("Level of care", [*LevelOfCare], "Ward")
            placed_with = ask_placed_with("wish")
            features = _ask_features(hospital)
        with right:
            room_class = pick.word("Needed room class", [*RoomClass])
            admission_type = pick.word("Comes as", [*AdmissionType], "Not given")
            priority = _ask_priority() if with_priority else None
            isolation = ask_isolation("wish")
        needs = {
            "specialty": specialty,
            "level_of_care": level,
            "placed_with": placed_with,
            "features": features or None,
            "room_class": room_class,
            "admission_type": admission_type,
            "priority": priority,
            "isolation": isolation,
        }
    return {name: need for name, need in needs.items() if need is not None}


def _ask_priority() -> int | None:
    chosen = pick.word("Priority (1 is most urgent)", [*map(str, PRIORITIES)], "Not given")
    return int(chosen) if chosen else None


def _ask_features(hospital: Hospital | None) -> list[str]:
    known = hospital.features if hospital else ()
    return st.multiselect("The bed must be", known, format_func=theme.words) if known else []


def ask_isolation(key: str) -> Isolation | None:
    """Whom it protects, and what the patient has, if that is known."""
    kind = pick.word("Isolation", [*IsolationKind], "None", f"{key}-isolation")
    if kind is None:
        return None
    if kind == IsolationKind.PROTECTIVE:
        return Isolation(kind=IsolationKind.PROTECTIVE)
    typed = st.text_input("Organism, if known", max_chars=64, key=f"{key}-organism")
    organism = legal.as_code(typed)
    return Isolation(organism=organism) if organism else Isolation()
