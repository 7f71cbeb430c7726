"""The wire says what the tables say, for both sides of it."""

from lake.tables import BED_BOARD, BED_EVENTS
from simulator.wire import answers, bodies


def test_a_bed_travels_with_every_column_of_the_board() -> None:
    shown = {"display_status", "next_is_at_risk", "is_outlier"}
    assert set(answers.Bed.model_fields) == {*BED_BOARD.column_names, *shown}


def test_an_event_names_columns_of_the_log() -> None:
    assert set(answers.Event.model_fields) <= set(BED_EVENTS.column_names)


def test_needs_are_asked_for_and_answered_by_the_same_names() -> None:
    """What nobody said is answered only."""
    asked = {*bodies.Needs.model_fields, "assumed"}
    assert asked == set(answers.Needs.model_fields)
