"""Two references of one person: joined, and taken apart again."""

from dataclasses import replace

from lake.vocabulary import EndedWith, EventType, Rule, canonical_ref
from simulator.domain import commands as c
from simulator.domain.changes import Change, Moment
from simulator.domain.decisions import patients
from simulator.domain.errors import InvalidRequest, Refusal, not_merged
from simulator.domain.hospital import Hospital
from simulator.domain.merges import Merge


def merge(hospital: Hospital, command: c.MergePatients, moment: Moment) -> list[Change]:
    """While both lie in beds, or one has died and the other lies in one, it is refused or waits."""
    wanted = Merge(canonical_ref(command.patient_ref), canonical_ref(command.into), moment.at)
    if wanted.into in hospital.refs_of(wanted.patient_ref):
        raise InvalidRequest("into: the two references are of one person already.")
    if wanted.patient_ref in hospital.merges:
        raise Refusal(Rule.ILLEGAL_BOOKING_CHANGE, "It is merged already; cancel that first.")
    if any(merge.refs == wanted.refs for merge in hospital.merges.values()):
        raise Refusal(Rule.ILLEGAL_BOOKING_CHANGE, "The same merge waits already.")
    if not stands_in_its_way(hospital, wanted):
        return _merged(hospital, wanted, moment)
    if not command.can_wait:
        raise _both_in_bed(hospital, wanted)
    columns = replace(wanted, is_pending=True).as_columns()
    return [Change(EventType.PATIENTS_MERGED, columns=columns)]


def _merged(hospital: Hospital, merge: Merge, moment: Moment) -> list[Change]:
    """A person who has died needs nothing any more, under whatever reference it was asked for."""
    ended: list[Change] = []
    if any(hospital.has_died_at(ref) for ref in merge.refs):
        for ref in sorted(merge.refs):
            ended += patients.end_with(hospital, ref, None, EndedWith.PATIENT_DIED, moment)
    return [*ended, Change(EventType.PATIENTS_MERGED, columns=merge.as_columns())]


def cancel(
    hospital: Hospital,
    command: c.CancelMerge,
    moment: Moment,  # noqa: ARG001 - as every decision
) -> list[Change]:
    """Each reference is of its own person again."""
    merged = hospital.merges.get(canonical_ref(command.patient_ref))
    if merged is None:
        raise not_merged()
    return [Change(EventType.MERGE_CANCELLED, columns=merged.as_columns())]


def settle(
    hospital: Hospital,
    command: c.SettleMerges,  # noqa: ARG001 - as every decision
    moment: Moment,
) -> list[Change]:
    """The first of those that can be: it may stand in the way of the next."""
    for merge in due(hospital):
        return _merged(hospital, replace(merge, is_pending=False), moment)
    raise Refusal(Rule.ILLEGAL_BOOKING_CHANGE, "No merge waits that could be settled.")


def due(hospital: Hospital) -> list[Merge]:
    """Merges that waited, and that nothing stands in the way of any more."""
    waiting = (merge for merge in hospital.merges.values() if merge.is_pending)
    return [merge for merge in waiting if not stands_in_its_way(hospital, merge)]


def stands_in_its_way(hospital: Hospital, merge: Merge) -> bool:
    stays = [hospital.stay_of(ref) for ref in (merge.patient_ref, merge.into)]
    has_died = any(hospital.has_died_at(ref) for ref in merge.refs)
    return all(stays) or (has_died and any(stays))


def _both_in_bed(hospital: Hospital, merge: Merge) -> Refusal:
    stays = [hospital.stay_of(ref) for ref in (merge.patient_ref, merge.into)]
    there = tuple(stay for stay in stays if stay is not None)
    if len(there) < len(stays):
        return Refusal(Rule.PATIENT_HAS_DIED, "The other one lies in a bed.", there[0])
    detail = "Discharge the one who is not there, then merge."
    return Refusal(Rule.BOTH_IN_BED, detail, there[0], in_the_way=there)
