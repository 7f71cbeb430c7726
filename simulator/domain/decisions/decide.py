"""What each command does to the hospital: `decide` gives the changes, or raises.

A change says what the bed and the booking are after it. One command's changes go into the log as
one commit, all or none.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from lake.vocabulary import EventType
from simulator.domain import commands as c
from simulator.domain.changes import Change, Moment
from simulator.domain.decisions import beds, bookings, isolation, lounge, merges, newborns, requests
from simulator.domain.decisions.corrections import cancel_event, correct_discharge
from simulator.domain.decisions.together import place_all
from simulator.domain.errors import Forbidden, NotThere
from simulator.domain.hospital import Hospital
from simulator.domain.rules.grants import somebody_answers
from simulator.domain.rules.hard import bed_at


def decide(hospital: Hospital, command: c.Command, moment: Moment) -> list[Change]:
    """Raises Refusal, NotThere, Forbidden, InvalidRequest and Outdated."""
    if isinstance(command, c.PlaceAll):
        return place_all(hospital, command, moment, decide)
    changes = _decided(hospital, command, moment)
    changes = newborns.along(hospital, command, changes, moment, _decided)
    return isolation.traced(hospital, changes, moment)


def _decided(hospital: Hospital, command: c.Command, moment: Moment) -> list[Change]:
    return DECISIONS[type(command)](hospital, command, moment)


def _review(hospital: Hospital, command: c.ReviewOverride, moment: Moment) -> list[Change]:
    """Somebody else has looked at it; the bed shows it no more."""
    override = hospital.overrides.get(command.event_id)
    if override is None:
        raise NotThere(f"No override {command.event_id} waits for a review.")
    somebody_answers(moment)
    if moment.actor == override.actor:
        raise Forbidden("same_actor", f"{override.actor} made this override; another reviews it.")
    columns = {"reviewed_event_id": override.event_id}
    if hospital.beds[override.bed_id].is_retired:
        return [Change(EventType.OVERRIDE_REVIEWED, columns=columns)]
    bed = bed_at(hospital, override.bed_id, moment)
    bed = replace(bed, unreviewed_override_count=bed.unreviewed_override_count - 1)
    return [Change(EventType.OVERRIDE_REVIEWED, bed, columns=columns)]


def _set_clock(_: Hospital, command: c.SetClock, __: Moment) -> list[Change]:
    columns = {"clock_speed": command.speed, "lake_mode": command.mode}
    return [Change(EventType.CLOCK_SET, columns=columns)]


DECISIONS: dict[type, Callable[[Hospital, Any, Moment], list[Change]]] = {
    c.RegisterBed: beds.register,
    c.UpdateBed: beds.update,
    c.RetireBed: beds.retire,
    c.CloseBeds: beds.close,
    c.OpenBeds: beds.open_again,
    c.CloseAdmissions: beds.close_admissions,
    c.OpenAdmissions: beds.open_admissions,
    c.StartIsolation: isolation.start,
    c.EndIsolation: isolation.end,
    c.EndContact: isolation.end_contact,
    c.MarkBedDirty: beds.mark_dirty,
    c.StartCleaning: beds.start_cleaning,
    c.FinishCleaning: beds.finish_cleaning,
    c.StopCleaning: beds.stop_cleaning,
    c.AddNote: beds.add_note,
    c.BookBed: bookings.book,
    c.ChangeReservation: bookings.change,
    c.CancelBooking: bookings.cancel,
    c.ExpireBooking: bookings.expire,
    c.AdmitPatient: bookings.admit,
    c.TransferPatient: bookings.transfer,
    c.SwapPatients: bookings.swap,
    c.ChangeNeeds: bookings.change_needs,
    c.ExpectDischarge: bookings.expect_discharge,
    c.ProgressStay: bookings.progress,
    c.GoAway: bookings.go_away,
    c.ComeBack: bookings.come_back,
    c.ConfirmDischarge: bookings.confirm_discharge,
    c.DischargePatient: bookings.discharge,
    c.LeaveLounge: lounge.leave,
    c.CancelEvent: cancel_event,
    c.CorrectDischarge: correct_discharge,
    c.RequestBed: requests.request,
    c.ChangeRequest: requests.change,
    c.PlaceRequest: requests.place,
    c.WithdrawRequest: requests.withdraw,
    c.MergePatients: merges.merge,
    c.CancelMerge: merges.cancel,
    c.SettleMerges: merges.settle,
    c.ReviewOverride: _review,
    c.SetClock: _set_clock,
}
