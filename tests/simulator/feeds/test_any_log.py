"""What holds for every log, however it is mixed up."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given
from hypothesis import strategies as st

from simulator.feeds.replay_file import Summary, check_file

BEGIN = datetime(2026, 10, 24, 22, tzinfo=UTC)
STEP = timedelta(minutes=30)

rows = st.tuples(
    st.sampled_from(["K1", "K2", "K3"]),
    st.sampled_from(["register", "admission", "release", "return"]),
    st.sampled_from(["A", "ICU 2", "ICU-2"]),
    st.sampled_from(["IC", "NC"]),
    st.integers(0, 60),
)


def checked(lines: list[str], zone: str) -> Summary:
    with TemporaryDirectory() as folder:
        path = Path(folder, "adt.csv")
        path.write_text("\n".join(("case_id,event,unit,detail,occurred_at", *lines)))
        return check_file(path, "snr", zone)


@given(st.lists(rows, max_size=12))
def test_who_was_released_at_or_after_the_last_admission_is_not_left_in_bed(log) -> None:
    summary = checked(
        [f"{','.join(values)},{BEGIN + nth * STEP:%Y-%m-%d %H:%M}" for *values, nth in log], "UTC"
    )
    last = {
        (case, event): max(row[-1] for row in log if row[:2] == (case, event))
        for case, event, *_ in log
    }
    stayed = [
        case
        for (case, event), at in last.items()
        if event == "admission" and last.get((case, "release"), -1) < at
    ]
    dropped = [fault for fault in summary.faults if len(fault.lines) == 2]
    assert summary.adds_up
    assert summary.rows == len(log)
    assert summary.applied["admission"] - summary.applied["release"] == len(stayed) - len(dropped)


odd = st.sampled_from(
    ['K1,admission,"A,NC,2026-10-25 02:10', 'K1,release,,"a\nb",2026-10-25 02:40', '"', "", ",,,,",
     "K2,admission,?,NC,2026-10-25 02:10", 'K2,release,,home",2026-10-25T24:00+02:00',
     "K1,admission",
     "K2,admission,A,NC,2026-10-25 02:30", "K2,admission,内科,IC,2026-10-25 02:20", "\u2028"]
)  # fmt: skip


@given(st.lists(odd | st.text(max_size=6), max_size=12))
def test_whatever_is_in_a_file_its_rows_add_up(lines) -> None:
    summary = checked([line.encode(errors="replace").decode() for line in lines], "Europe/Berlin")
    assert summary.adds_up
