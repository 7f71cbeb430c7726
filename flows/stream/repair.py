"""The stream's checkpoints: refused where they are lost or torn, and made anew from the log.

Without its checkpoint the stream would read the log from the start and take every event that it
has for one that comes twice.
"""

from flows.stream import live_board, live_terms
from lake.arrow import has_rows
from lake.errors import LakeError
from lake.places import Places
from lake.tables import BED_EVENTS, SILVER_BED_EVENTS
from lake.upkeep import checkpoints

QUERIES = (live_board.QUERY, live_terms.QUERY)
FIX = "./snr stream --repair makes it anew from the log; no event is lost, none comes twice."


class CheckpointLost(LakeError):
    pass


def what_is_lost(places: Places) -> str | None:
    """Why the stream could not go on from where it was; None: it can.

    A lost checkpoint of the terms alone is none: they are counted again from silver.
    """
    if not checkpoints.is_repaired(places):
        return f"The repair of the stream's checkpoints in {places.checkpoints} has not ended."
    torn = [query for query in QUERIES if checkpoints.is_torn(places, query)]
    if torn:
        return f"The stream's checkpoint {places.checkpoint(torn[0])} is torn."
    if checkpoints.is_missing(places, live_board.QUERY) and has_rows(places, SILVER_BED_EVENTS):
        return (
            f"The stream's checkpoint {places.checkpoint(live_board.QUERY)} is gone, but "
            f"{SILVER_BED_EVENTS.name} has rows."
        )
    return None


def refuse_if_lost(places: Places) -> None:
    """Raises CheckpointLost."""
    if cause := what_is_lost(places):
        raise CheckpointLost(cause, FIX)


def begin(places: Places) -> None:
    """The checkpoints are gone until `end`; what dies in between is begun again."""
    if not places.exists(BED_EVENTS):
        raise LakeError(
            f"There is no event log in {places.lake_url}, so nothing can be made from it.",
            "Name the hospital's folder: SNR_HOME=~/snr ./snr stream --repair",
        )
    checkpoints.forget(places, *QUERIES)


def end(places: Places) -> None:
    checkpoints.note_repaired(places)
