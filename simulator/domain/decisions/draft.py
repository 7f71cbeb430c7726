"""Several decisions that become one: each is taken on a copy that has taken in those before it."""

from collections.abc import Sequence

from simulator.domain.changes import Change, Moment
from simulator.domain.hospital import Hospital


def take_in(draft: Hospital, changes: Sequence[Change], moment: Moment) -> None:
    """As the rows of the log would be; but an override is reviewed by the id that its row gets."""
    for change in changes:
        draft.apply(change.bed, change.booking)
        row = {"event_type": change.event_type, "occurred_at": change.at or moment.at}
        of_bed = change.bed.as_columns() if change.bed else {}
        of_booking = change.booking.as_columns() if change.booking else {}
        draft.take_note(row | of_bed | of_booking | change.columns | {"override_rules": None})
