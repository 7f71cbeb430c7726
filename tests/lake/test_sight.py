"""What is private is shown for the patients of the wards that somebody sees, and null elsewhere."""

import re
from pathlib import Path

import pyarrow as pa
import pytest

from dashboard.asking import queries
from lake.sight import PRIVATE, Sight, seen

ANSWER = pa.table(
    {
        "ward_id": ["W1", "W2", None],
        "patient_ref": ["A-1", "B-1", "C-1"],
        "current_contact_of": [["x"], ["y"], None],
        "bed_status": ["occupied", "occupied", "dirty"],
    }
)


@pytest.mark.parametrize(
    ("sight", "refs", "contacts"),
    [
        (Sight(sees_all=True), ["A-1", "B-1", "C-1"], [["x"], ["y"], None]),
        (Sight(wards=frozenset({"W1"})), ["A-1", None, None], [["x"], None, None]),
        (Sight(), [None, None, None], [None, None, None]),
    ],
)
def test_rows_of_other_wards_and_of_none_are_masked(sight, refs, contacts) -> None:
    shown = seen(ANSWER, sight)
    assert shown["patient_ref"].to_pylist() == refs
    assert shown["current_contact_of"].to_pylist() == contacts
    assert shown["bed_status"].to_pylist() == ["occupied", "occupied", "dirty"]
    assert shown.schema == ANSWER.schema


def test_an_answer_without_wards_is_for_those_who_see_all() -> None:
    answer = ANSWER.drop_columns("ward_id")
    assert seen(answer, Sight(wards=frozenset({"W1"})))["patient_ref"].to_pylist() == [None] * 3
    assert seen(answer, Sight(sees_all=True)) is answer


def test_an_empty_answer_stays_one() -> None:
    assert seen(ANSWER.slice(0, 0), Sight()).num_rows == 0


def every_question() -> dict[str, str]:
    views = Path(queries.__file__).parents[2] / "lake" / "views"
    own = {name: text for name, text in vars(queries).items() if isinstance(text, str)}
    own = {name: text for name, text in own.items() if "SELECT" in text}
    return own | {view.stem: view.read_text(encoding="utf-8") for view in views.glob("*.sql")}


@pytest.mark.parametrize("name", every_question())
def test_no_question_gives_what_is_private_by_another_name(name) -> None:
    """By its name it is masked."""
    text = re.sub(r"--.*", "", every_question()[name])
    for found in re.finditer(r"(\w+)\)?\s+AS\s+(\w+)", text):
        column, alias = found.groups()
        assert column not in PRIVATE or alias in PRIVATE, found[0]
