"""Notes on patients in the simulated hospital: each text has what it presupposes."""

from collections.abc import Callable
from datetime import datetime
from functools import lru_cache, partial
from typing import NamedTuple

from lake.vocabulary import AgeGroup, LevelOfCare
from simulator.domain import commands as c
from simulator.domain.bookings import Booking
from simulator.world.chance import HOUR, Quota
from simulator.world.scene import Scene


class Facts(NamedTuple):
    """What is so of a patient in bed. `is_intensive`: in need of it still, and so is whose
    `is_weaning`, off the ventilator; `is_weak`: in need of it until lately. `has_come`: today;
    `has_moved`: into this bed within the last hours. `is_weekend`: without offices and clinics."""

    age_group: str | None
    specialty: str
    is_intensive: bool
    organism: str | None
    is_isolated: bool
    part_of_day: str
    waits_for: str | None
    is_dying: bool
    has_come: bool
    has_moved: bool = False
    is_weaning: bool = False
    is_weak: bool = False
    is_weekend: bool = False

    @property
    def is_grown_up(self) -> bool:
        return self.age_group in {AgeGroup.ADULT, AgeGroup.OLDER}

    @property
    def is_small(self) -> bool:
        """Not grown up; who gives birth is."""
        return not self.is_grown_up and self.specialty != "obstetrics"

    @property
    def is_up(self) -> bool:
        """Well enough to get out of bed."""
        return self.is_grown_up and not self.is_intensive and not self.is_dying

    @property
    def is_fit(self) -> bool:
        """For therapy, while therapists are there."""
        return self.is_well and self.part_of_day in DAY and not self.has_come

    @property
    def is_well(self) -> bool:
        """Out of bed, and for long enough out of intensive care to eat and walk."""
        return self.is_up and not self.is_weak

    @property
    def is_office_day(self) -> bool:
        return self.part_of_day == "morning" and not self.is_weekend

    @property
    def could_sleep(self) -> bool:
        """All night so far."""
        return not (self.has_moved or self.is_dying or self.is_weak)

    @property
    def can_fall(self) -> bool:
        is_newborn = self.age_group == AgeGroup.NEONATE
        return not (is_newborn or self.is_intensive or self.is_dying)

    @property
    def is_dry(self) -> bool:
        return self.organism not in {"norovirus", "c_difficile"}


DAY = frozenset({"morning", "afternoon"})
Holds = Callable[[Facts], bool]
SURGICAL = frozenset({"general_surgery", "trauma_orthopaedics", "urology"})
CARE: tuple[tuple[str, Holds], ...] = (
    ("Observations stable", lambda f: not f.is_dying and not f.is_intensive),
    (
        "Eating and drinking well",
        lambda f: f.is_well and f.is_dry and f.part_of_day != "night" and not f.has_come,
    ),
    (
        "Slept well, no complaints",
        lambda f: f.is_up and f.part_of_day == "early" and f.could_sleep and not f.has_come,
    ),
    (
        "Asleep at each round",
        lambda f: f.is_up and f.part_of_day == "night" and f.could_sleep,
    ),
    ("Sips of water taken, cough strong", lambda f: f.is_weak and f.is_up),
    (
        "Sat on the edge of the bed with physiotherapy",
        lambda f: f.is_weak and f.is_up and f.part_of_day in DAY,
    ),
    (
        "Oxygen two litres by nasal cannula",
        lambda f: f.is_up and f.specialty in {"general_medicine", "cardiology"},
    ),
    (
        "Oxygen saturation low, oxygen increased, doctor informed",
        lambda f: f.is_up and not f.waits_for and f.specialty == "general_medicine",
    ),
    (
        "Mobilised with physiotherapy",
        lambda f: f.is_fit and not f.is_isolated,
    ),
    (
        "Mobilised within the room",
        lambda f: f.is_fit and f.is_isolated,
    ),
    (
        "Falls risk assessment done, bed rails up",
        lambda f: f.is_up and f.age_group == "older" and (f.has_come or f.part_of_day != "night"),
    ),
    (
        "Blood cultures taken, antibiotics started",
        lambda f: f.is_up and f.has_come and f.specialty in SURGICAL | {"general_medicine"},
    ),
    (
        "Chest film done, result awaited",
        lambda f: f.is_up and f.has_come and not f.is_isolated and f.part_of_day != "night",
    ),
    (
        "Precautions explained to the family",
        lambda f: f.is_isolated and f.part_of_day == "afternoon" and f.is_up,
    ),
    ("Stools charted, fluids encouraged", lambda f: f.is_isolated and not f.is_dry),
    ("Pain score reduced after medication", lambda f: f.is_up and f.specialty in SURGICAL),
    (
        "Wound dressing changed, wound clean",
        lambda f: f.is_up and f.specialty in SURGICAL and f.part_of_day == "morning",
    ),
    ("Relatives visited", lambda f: f.is_up and f.part_of_day in {"afternoon", "visits"}),
    ("Drip changed, fluid balance recorded", lambda f: f.is_up and not f.waits_for),
    (
        "Neurological observations unchanged",
        lambda f: f.is_up and f.specialty == "neurology" and not f.waits_for,
    ),
    (
        "Swallow assessed by speech therapist",
        lambda f: f.is_up and f.specialty == "neurology" and f.is_office_day,
    ),
    (
        "Walked stairs with physiotherapy",
        lambda f: f.is_fit and not f.is_isolated and f.specialty == "rehabilitation",
    ),
    (
        "Social worker asked for home care",
        lambda f: f.is_up and f.waits_for == "care_package" and f.is_office_day,
    ),
    (
        "Care home visited to assess, answer awaited",
        lambda f: f.is_up and f.waits_for == "placement" and f.is_office_day,
    ),
    (
        "Ventilated, sedation reviewed",
        lambda f: f.is_intensive and not f.is_dying and not f.is_weaning,
    ),
    (
        "Breathing unaided, oxygen by mask, arterial line in place",
        lambda f: f.is_intensive and not f.is_dying and f.is_weaning,
    ),
    ("Noradrenaline reduced, blood pressure stable", lambda f: f.is_intensive and not f.is_dying),
    ("Turned two-hourly, skin intact", lambda f: f.is_intensive),
    ("Comfort care, family with the patient", lambda f: f.is_dying),
    ("Syringe driver checked, patient comfortable", lambda f: f.is_dying),
    (
        "Feeding well, parent at the bedside",
        lambda f: f.is_small and not f.is_dying and f.part_of_day != "night",
    ),
    (
        "Asleep, parent stays overnight",
        lambda f: f.is_small and f.part_of_day == "night" and f.could_sleep,
    ),
    (
        "Play specialist visited",
        lambda f: (
            f.is_small
            and f.age_group == "child"
            and not (f.is_isolated or f.is_dying or f.is_weekend)
            and f.part_of_day == "afternoon"
        ),
    ),
    (
        "Blood pressure and urine checked by midwife",
        lambda f: f.specialty == "obstetrics" and not f.is_dying,
    ),
)
FALLS = (
    "Unwitnessed fall, doctor informed, no injury seen",
    "Fell on the way to the toilet, graze dressed, family informed",
    "Fall, slid from the chair, no injury, neurological observations started",
)
PARTS_OF_DAY = (
    (6, "night"),
    (8, "early"),
    (12, "morning"),
    (17, "afternoon"),
    (20, "visits"),
    (22, "evening"),
    (24, "night"),
)


@lru_cache(maxsize=4096)
def said_of(facts: Facts) -> tuple[str, ...]:
    """All that may be written of such a patient."""
    return tuple(text for text, holds in CARE if holds(facts))


WEAK_FOR = 24 * HOUR
"""After intensive care; an assumption."""


class Notes:
    """`is_dying` and `is_weaning` tell it of a patient's reference."""

    def __init__(
        self,
        scene: Scene,
        is_dying: Callable[[str], bool],
        is_weaning: Callable[[str, datetime], bool],
    ) -> None:
        self._scene = scene
        self._is_dying = is_dying
        self._is_weaning = is_weaning
        self._falls = Quota(scene.chance)
        self._came: dict[str, datetime] = {}

    def begin(self, patient_ref: str, at: datetime) -> None:
        """As long as the patient is here."""
        self._came.setdefault(patient_ref, at)
        per_day = self._scene.assumptions.note_per_stay_day
        when = self._scene.chance.after_hours(at, 24 / max(per_day, 1e-6))
        self._scene.agenda.plan(when, partial(self._write, patient_ref))

    def _write(self, patient_ref: str, at: datetime) -> None:
        stay = self._scene.own_stay(patient_ref)
        if stay is None:
            self._came.pop(patient_ref, None)
            return
        self.begin(patient_ref, at)
        texts = self._texts(stay, at) if stay.away_as is None else ()
        if texts:
            self._scene.agenda.do(
                c.AddNote(bed_id=stay.bed_id), at, self._scene.chance.one_of(texts)
            )

    def _texts(self, stay: Booking, at: datetime) -> tuple[str, ...]:
        facts = self._facts(stay, at)
        a = self._scene.assumptions
        rate = a.falls_per_1000_days.of(facts.age_group) / 1000 / a.note_per_stay_day
        if facts.can_fall and self._falls.takes(rate):
            return FALLS
        return said_of(facts)

    def _facts(self, stay: Booking, at: datetime) -> Facts:
        hospital = self._scene.hospital()
        isolation, needs = hospital.isolation_of(stay), stay.needs_now
        hour, since = self._scene.chance.hour(at), stay.progress.care_not_needed_since
        came_at = min(self._came.get(stay.patient_ref, at), stay.starts_at)
        return Facts(
            age_group=needs.age_group,
            specialty=hospital.beds[stay.bed_id].specialty,
            is_intensive=needs.level_of_care == LevelOfCare.INTENSIVE,
            organism=isolation.organism if isolation else None,
            is_isolated=bool(isolation),
            part_of_day=next(name for until, name in PARTS_OF_DAY if hour < until),
            waits_for=stay.progress.waits_for,
            is_dying=self._is_dying(stay.patient_ref),
            has_come=at - came_at < 18 * HOUR,
            has_moved=at - stay.starts_at < 6 * HOUR,
            is_weaning=self._is_weaning(stay.patient_ref, at),
            is_weak=since is not None and at - since < WEAK_FOR,
            is_weekend=self._scene.chance.is_weekend(at),
        )
