from datetime import UTC, datetime, timedelta

from dashboard.asking.age import DataAge, data_age

NOW = datetime(2024, 3, 4, 12, tzinfo=UTC)


def seconds(count: int) -> timedelta:
    return timedelta(seconds=count)


def age(**known: object) -> DataAge:
    nothing = {"shown_seq": 10, "head_seq": 10, "first_missing_at": None, "confirmed_at": None}
    return data_age(NOW, **{**nothing, **known})  # type: ignore[arg-type]


def test_a_board_that_shows_the_head_has_no_age() -> None:
    assert age().age == seconds(0)


def test_a_board_that_is_ahead_of_the_head_it_asked_for_has_no_age() -> None:
    assert age(shown_seq=12).age == seconds(0)


def test_a_quiet_ward_is_not_stale() -> None:
    quiet = age(confirmed_at=NOW - timedelta(hours=9))

    assert quiet.age == seconds(0)
    assert not quiet.is_stale


def test_a_board_that_is_behind_is_as_old_as_the_first_row_it_misses() -> None:
    behind = age(head_seq=12, first_missing_at=NOW - seconds(7), confirmed_at=NOW - seconds(20))

    assert behind.age == seconds(7)


def test_behind_with_an_unknown_first_row_counts_from_the_last_confirmation() -> None:
    assert age(head_seq=12, confirmed_at=NOW - seconds(20)).age == seconds(20)


def test_while_the_api_is_silent_the_age_counts_from_the_last_confirmation() -> None:
    silent = age(head_seq=None, confirmed_at=NOW - seconds(61))

    assert silent == DataAge(seconds(61), is_api_silent=True)
    assert silent.is_stale


def test_a_minute_is_not_yet_stale() -> None:
    assert not age(head_seq=None, confirmed_at=NOW - seconds(60)).is_stale


def test_what_was_never_confirmed_is_of_unknown_age_and_stale() -> None:
    unknown = age(head_seq=None)

    assert unknown.age is None
    assert unknown.is_stale


def test_a_row_dated_ahead_of_this_machine_gives_no_negative_age() -> None:
    assert age(head_seq=12, first_missing_at=NOW + seconds(3)).age == seconds(0)
