"""Times of a log as instants: those without an offset are the hospital's wall time."""

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from simulator.feeds.log_rows import Remark

END_OF_DAY = re.compile(r"(?<=[T ])24(?=(:?00(:?00([.,]0+)?)?)?([Z+-]|$))")


class WallTimes:
    """Reads the times of a file, row by row; `remarks` says what was odd."""

    def __init__(self, time_zone: str) -> None:
        self.zone = ZoneInfo(time_zone)
        self.remarks: list[Remark] = []
        self._with_offset = self._without = 0
        self._newest: datetime | None = None
        self._newest_of: dict[str, datetime] = {}

    def instant(self, line: int, case_id: str, text: str) -> datetime:
        """Raises ValueError or OverflowError for what is not a time."""
        time = _parsed(text)
        if time.tzinfo is None:
            at = self._of_wall(line, case_id, time)
            self._without += 1
        else:
            at = time.astimezone(UTC)
            self._with_offset += 1
        self._newest = self._newest_of[case_id] = at
        return at

    def about_the_file(self) -> list[Remark]:
        if not (self._with_offset and self._without):
            return []
        return [
            Remark(
                None,
                f"{self._with_offset:,} times have an offset and {self._without:,} have none; "
                f"those are the wall time of {self.zone}",
            )
        ]

    def _of_wall(self, line: int, case_id: str, wall: datetime) -> datetime:
        readings = readings_of(wall, self.zone)
        at = self._in_order(case_id, readings)
        if len(readings) > 1:
            which = "second" if at == readings[1] else "first"
            self._say(line, f"{wall} comes twice in {self.zone}; the {which} was taken", at)
        elif at.astimezone(self.zone).replace(tzinfo=None) != wall:
            moved = at.astimezone(self.zone).replace(tzinfo=None)
            self._say(line, f"{wall} does not exist in {self.zone}; {moved} was taken", at)
        return at

    def _in_order(self, case_id: str, readings: list[datetime]) -> datetime:
        """The first that lies neither before the row before it nor before its case's."""
        first = readings[0]
        of_case = self._newest_of.get(case_id, first)
        fitting = [at for at in readings if at >= of_case] or readings
        return next((at for at in fitting if at >= (self._newest or first)), fitting[0])

    def _say(self, line: int, what: str, at: datetime) -> None:
        self.remarks.append(Remark(line, f"{what} ({at:%Y-%m-%d %H:%M:%S} UTC)"))


def readings_of(wall: datetime, zone: ZoneInfo) -> list[datetime]:
    """The instants at which a clock on the wall shows this; two where it is set back.

    Where it is set forward over this time, the one instant that lies as far behind the change.
    """
    first, second = (wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    return [first, second] if first < second else [first]


def _parsed(text: str) -> datetime:
    """ISO 8601; 24:00 is 00:00 of the next day."""
    midnight = END_OF_DAY.sub("00", text, count=1)
    time = datetime.fromisoformat(midnight)
    return time + timedelta(days=1) if midnight != text else time
