"""Units as hospitals call them."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lake.duck import LakeReader
from lake.vocabulary import RoomClass
from simulator.feeds.replay_file import Pool, beds_of, check_file, replay_file
from simulator.feeds.wards import is_a_name, ward_ids, ward_name

REGISTER_ID = re.compile(r"[A-Za-z0-9-]{1,32}")

LOG = """case_id,event,unit,detail,occurred_at
K1,admission,Medical Intensive Care Unit (MICU),IC,2026-03-01 10:00:00
K1,admission,Medicine/Cardiology,NC,2026-03-02 10:00:00
K1,release,,home,2026-03-05 09:00:00
K2,admission,Chirurgie für Männer,NC,2026-03-01 10:00:00
K2,release,,home,2026-03-02 10:00:00
K3,admission,ICU-2,IC,2026-03-01 10:00:00
K3,release,,home,2026-03-02 10:00:00
K4,admission,4W,NC,2026-03-01 10:00:00
K4,release,,home,2026-03-02 10:00:00
"""


def test_units_with_real_names_become_wards_that_keep_them(tmp_path, places) -> None:
    path = tmp_path / "adt.csv"
    path.write_text(LOG)
    summary = replay_file(places, path, "snr")
    assert summary.applied == {"admission": 4, "transfer": 1, "release": 4}
    assert summary.faults == []
    wards = LakeReader(places).ask(
        "SELECT DISTINCT ward_id, ward_name FROM live_board ORDER BY ward_id"
    )
    assert [tuple(row.values()) for row in wards.to_pylist()] == [
        ("4W", "Unit 4W"),
        ("Chirurgie-fur-Manner", "Chirurgie für Männer"),
        ("ICU-2", "ICU-2"),
        ("Medical-Intensive-Care-Un", "Medical Intensive Care Unit (MICU)"),
        ("Medicine-Cardiology", "Medicine/Cardiology"),
    ]


@pytest.mark.parametrize(
    "names",
    [
        ["Medical Intensive Care Unit (MICU)", "Medical Intensive Care Unit (SICU)"],
        ["ICU-2", "ICU 2", "ICU/2", "icu 2", "(ICU-2)"],
        ["Med/Card", "MED/CARD", "med-card"],
        ["内科", "外科", "Unit"],
        ["für", "fur", "Fûr"],
        ["A" * 26, "A" * 27, "A" * 25],
        ["A-1", "a-1"],
    ],
)
def test_two_names_never_become_one_ward_in_whatever_order_they_come(names) -> None:
    ids = ward_ids(names)
    assert len({one.casefold() for one in ids.values()}) == len(names)
    assert ward_ids(names[::-1]) == ids
    assert all(REGISTER_ID.fullmatch(f"{one}-0001-A") for one in ids.values())


def test_a_name_that_is_the_id_of_another_keeps_it() -> None:
    of_the_other = ward_ids(["A", "(A)"])["(A)"]
    ids = ward_ids(["A", "(A)", of_the_other])
    assert ids[of_the_other] == of_the_other
    assert len({*ids.values()}) == 3


def test_names_that_are_ids_stay_what_they_are_whoever_else_is_there() -> None:
    plain = {"A": "A", "a": "a", "M": "M", "4W": "4W", "ICU-2": "ICU-2"}
    others = ["(A)", "m.", "ICU 2", "4W ", "内科"]
    ids = ward_ids([*others, *plain])
    assert {name: ids[name] for name in plain} == plain
    assert [ward_name(name) for name in ("A", "ICU-2", "内科")] == ["Unit A", "ICU-2", "内科"]


names = st.text(min_size=1, max_size=40).filter(is_a_name)


@given(st.lists(names | st.sampled_from(["ICU 2", "ICU-2", "icu/2", "A", "(a)"]), unique=True))
def test_all_names_become_ids_that_a_register_takes(units) -> None:
    ids = ward_ids(units)
    assert len(set(ids.values())) == len(units)
    beds = beds_of({Pool(unit, RoomClass.ICU): 1 for unit in units})
    assert all(REGISTER_ID.fullmatch(bed.bed_id) for [bed] in beds.values())


@pytest.mark.parametrize("unit", ["", " ", "?", "--", '" "'])
def test_an_admission_to_a_unit_without_a_name_stays_a_fault(tmp_path, unit) -> None:
    path = tmp_path / "adt.csv"
    path.write_text(
        f"case_id,event,unit,detail,occurred_at\nK1,admission,{unit},NC,2026-03-01 10:00:00\n"
    )
    [fault] = check_file(path, "snr").faults
    assert (fault.line, "an admission to unit" in fault.reason) == (2, True)


def test_one_name_in_two_ways_of_writing_an_accent_is_one_unit(tmp_path) -> None:
    path = tmp_path / "adt.csv"
    path.write_text(
        "case_id,event,unit,detail,occurred_at\n"
        "K1,admission,M\u00e4nner,NC,2026-03-01 10:00:00\n"
        "K1,admission,Ma\u0308nner,NC,2026-03-01 10:00:00\n"
    )
    assert len(check_file(path, "snr").duplicates) == 1
