"""Data is taken away once the password was given and it is recorded; with no sign-in at once."""

from datetime import UTC, datetime, timedelta

import pytest
from streamlit.testing.v1 import AppTest

from dashboard import whose
from dashboard.acting import desk, exporting, proof
from dashboard.whose import Whose
from lake.places import Places
from simulator.wire import access as w
from tests.dashboard.played_api import PlayedApi

LOOKS, PROVE = "POST /session/looks", "POST /session/prove"


def page() -> None:
    import streamlit as st

    from dashboard.acting import exporting

    exporting.offer(st, st.session_state.get("content", b"a,b\n1,2\n"), "kpis.csv")


def files(app: AppTest) -> list[str]:
    return [one.proto.label for one in app.get("download_button")]


@pytest.fixture
def opened(places: Places, api: PlayedApi, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    """Of a manager whose password was given an hour ago."""
    me = w.Who(
        session_id="s", name="ravi", roles=("manager",), wards=(), sees=None, acting=(), may={},
        is_demo=False, is_locked=False, is_proved=False,
        ends_at=datetime.now(UTC) + timedelta(hours=1),
    )  # fmt: skip
    found = Whose("secret", me)
    for module in (whose, desk, exporting, proof):
        monkeypatch.setattr(module, "whose", lambda: found)
    monkeypatch.setattr(desk, "forget_whose", lambda: None)
    monkeypatch.setenv("SNR_AUTH", "on")
    api.answers[PROVE] = (200, me)
    api.answers[LOOKS] = (200, w.Recorded(count=1))
    return AppTest.from_function(page, default_timeout=30).run()


def make(app: AppTest, password: str) -> AppTest:
    app.text_input(key="export-password").set_value(password).run()
    return app.button[0].click().run()


def test_it_takes_the_password_and_is_recorded_first(opened: AppTest, api: PlayedApi) -> None:
    assert files(opened) == []
    assert opened.button[0].disabled
    app = make(opened, "a long walk home")
    assert files(app) == ["Download as CSV"]
    assert api.sent(PROVE) == [{"password": "a long walk home"}]
    [told] = api.sent(LOOKS)
    assert (told["shown"], told["asked"]) == ("data_exported", "kpis.csv")


def test_other_rows_are_another_file(opened: AppTest, api: PlayedApi) -> None:
    """What was recorded once is no leave to take away what the filters show next."""
    app = make(opened, "a long walk home")
    assert files(app) == ["Download as CSV"]
    app.session_state["content"] = b"a,b\n3,4\n"
    assert files(app.run()) == []
    make(app, "a long walk home")
    assert len(api.sent(LOOKS)) == 2
    assert files(app) == ["Download as CSV"]


def test_a_wrong_password_makes_no_file(opened: AppTest, api: PlayedApi) -> None:
    api.refuse(PROVE, 401, "wrong_password", "The password is wrong.")
    app = make(opened, "wrong")
    assert files(app) == []
    assert not api.sent(LOOKS)
    assert "wrong" in app.error[0].value


def test_what_cannot_be_recorded_is_not_taken_away(opened: AppTest, api: PlayedApi) -> None:
    api.refuse(LOOKS, 503, "storage_unavailable", "The lake takes no rows now.")
    app = make(opened, "a long walk home")
    assert files(app) == []
    assert "silent" in app.error[0].value


def test_where_nobody_signs_in_it_is_one_click(places: Places, api: PlayedApi) -> None:
    app = AppTest.from_function(page, default_timeout=30).run()
    assert files(app) == ["Download as CSV"]
    assert not app.button
