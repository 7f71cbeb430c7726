"""`./snr requeue`: by the stream that runs, which alone may write its tables, else here."""

import sys
import time
from typing import TYPE_CHECKING

from lake.errors import LakeError
from lake.places import Places

if TYPE_CHECKING:
    from flows.stream.requeue import Requeued

PATIENCE_SECONDS = 120.0


def run() -> None:
    places = Places.from_settings()
    done = _by_the_stream(places)
    if done is None:
        from flows.stream import following

        done = following.put_through_again(places)
    print(f"{done.taken_in_count:,} events have passed and are taken in.")
    for rule, count in sorted(done.left.items()):
        print(f"{count:,} are still set aside: {rule}")
    if done.taken_in_count:
        print("The next build counts them (./snr build, or wait for it).", file=sys.stderr)


def _by_the_stream(places: Places) -> "Requeued | None":
    """None where no stream runs. Raises LakeError when it does not answer."""
    from flows.stream.requeue import Wish
    from flows.stream.supervision import noted_process

    wish = Wish(places)
    asked = False
    limit = time.monotonic() + PATIENCE_SECONDS
    while (process := noted_process(places)) and not process.is_gone:
        if not asked:
            wish.make()
            asked = True
        if done := wish.answer():
            return done
        if time.monotonic() > limit:
            wish.withdraw()
            raise LakeError(
                "The live stream has not answered within two minutes.",
                "Look at its run in the Prefect UI; ./snr down and ./snr requeue does it here.",
            )
        time.sleep(0.5)
    wish.withdraw()
    return None
