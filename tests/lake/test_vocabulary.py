"""The table of legal bed-status changes, for every pair, against a copy written out by hand."""

from itertools import product

import pytest

from lake.vocabulary import (
    HL7_BED_STATUS,
    LEGAL_BED_STATUS_CHANGES,
    BedStatus,
    StatusChange,
    is_legal_change,
)

LEGAL = """
    available    occupied      admitted vacating_undone
    available    isolated      admitted vacating_undone
    available    dirty         marked_dirty
    available    closed        closed
    occupied     dirty         vacated
    occupied     isolated      isolation_started swapped
    occupied     available     admission_undone
    occupied     contaminated  admission_undone
    occupied     cleaning      admission_undone
    isolated     contaminated  vacated
    isolated     occupied      isolation_ended swapped
    isolated     available     admission_undone
    isolated     dirty         vacated admission_undone
    isolated     cleaning      admission_undone
    dirty        cleaning      cleaning_started
    dirty        occupied      admitted vacating_undone
    dirty        isolated      admitted vacating_undone
    dirty        closed        closed
    contaminated cleaning      cleaning_started
    contaminated occupied      admitted vacating_undone
    contaminated isolated      admitted vacating_undone
    contaminated closed        closed
    cleaning     available     cleaning_finished
    cleaning     dirty         cleaning_stopped
    cleaning     contaminated  cleaning_stopped
    cleaning     occupied      admitted vacating_undone
    cleaning     isolated      admitted vacating_undone
    closed       available     opened
    closed       dirty         opened
    closed       contaminated  opened
"""
EXPECTED = {
    (before, after): set(causes)
    for before, after, *causes in (line.split() for line in LEGAL.strip().splitlines())
}
EXPECTED["occupied", "dirty"].add("admission_undone")
EXPECTED["isolated", "contaminated"].add("admission_undone")


@pytest.mark.parametrize(("before", "after"), list(product(BedStatus, BedStatus)))
def test_only_the_listed_causes_change_a_status(before: BedStatus, after: BedStatus) -> None:
    allowed = {cause for cause in StatusChange if is_legal_change(before, after, cause)}
    assert allowed == EXPECTED.get((before, after), set())


def test_the_table_has_no_pair_besides() -> None:
    assert set(LEGAL_BED_STATUS_CHANGES) == set(EXPECTED)


def test_every_status_has_its_hl7_code() -> None:
    assert "".join(HL7_BED_STATUS[status] for status in BedStatus) == "UOIHKHC"
