"""A patient of another ward on the pages: asked for by a clerk, reviewed by a manager."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from streamlit.testing.v1 import AppTest

from dashboard import whose
from dashboard.acting import allowed, desk, glass, proof
from dashboard.asking import looks
from dashboard.settings import DashboardSettings
from dashboard.whose import Whose
from lake.places import Places
from simulator.wire import access as w
from simulator.wire import answers
from tests.dashboard.lake_rows import clock_set, write_events
from tests.dashboard.played_api import PlayedApi

NOW = datetime.now(UTC)


def broken() -> w.Broken:
    now = datetime.now(UTC)
    return w.Broken(
        glass_id="g1", name="asha", patient_ref="P-7", reason_code="emergency",
        reason="found in the *lift*", broken_at=now, until_at=now + timedelta(minutes=42),
        reviewed_by=None, reviewed_at=None,
    )  # fmt: skip


STAY = answers.Stay(
    stay_id="s", spell_id="s", booking_id="B1", bed_id="W2-101-A", ward_id="W2",
    patient_ref="P-7", admitted_at=NOW - timedelta(days=400), ended_at=None, expected_at=None,
)  # fmt: skip


def page() -> None:
    from dashboard.acting import glass

    glass.ask_here()
    glass.show()


@pytest.fixture
def signed_in(
    places: Places, api: PlayedApi, monkeypatch: pytest.MonkeyPatch
) -> Callable[[str, dict[str, str]], AppTest]:
    def opened(role: str, may: dict[str, str]) -> AppTest:
        who = w.Who(
            session_id="s", name=role, roles=(role,), wards=("W1",), sees=(), acting=(), may=may,
            is_demo=False, is_locked=False, is_proved=True, ends_at=NOW + timedelta(hours=1),
        )  # fmt: skip
        found = Whose("secret", who)
        for module in (whose, allowed, desk, glass, proof):
            if hasattr(module, "whose"):
                monkeypatch.setattr(module, "whose", lambda: found)
        return AppTest.from_function(page, default_timeout=30).run()

    looks._told.clear()
    monkeypatch.setenv("SNR_AUTH", "on")
    assert DashboardSettings().asks_who
    write_events(places, [clock_set(1)])
    api.ready(1)
    api.answers["GET /glass"] = (200, w.BrokenGlass(items=[]))
    return opened


def texts(app: AppTest) -> str:
    return "\n".join(element.value for element in app.markdown)


def test_a_clerk_breaks_it_with_a_reason_and_sees_where_the_patient_is(
    signed_in: Callable[..., AppTest], api: PlayedApi
) -> None:
    app = signed_in("clerk", {"break_glass": "all"})
    [button] = [one for one in app.button if one.label == "Break the glass"]
    assert button.disabled
    app.text_input(key="glass-ref").set_value("P-7")
    app.text_input(key="glass-words").set_value("too few").run()
    assert next(one for one in app.button if one.label == "Break the glass").disabled
    api.answers["POST /patients/P-7/glass"] = (201, broken())
    api.answers["GET /glass"] = (200, w.BrokenGlass(items=[broken()]))
    known = answers.Patient(
        patient_refs=["P-7"], died_at=None, stays=[STAY], bookings=[], requests=[], merges=[]
    )
    api.answers["GET /patients/P-7"] = (200, known)
    app.text_input(key="glass-words").set_value("found in the lift").run()
    next(one for one in app.button if one.label == "Break the glass").click().run()
    assert not app.exception
    [sent] = api.sent("POST /patients/P-7/glass")
    assert sent == {"reason_code": "emergency", "reason": "found in the lift"}
    assert re.search(r"shown for 4[0-2] min more", texts(app))
    assert "W2-101-A" in texts(app)


def test_a_refusal_is_told(signed_in: Callable[..., AppTest], api: PlayedApi) -> None:
    api.refuse("POST /patients/P-7/glass", 403, "not_permitted", "3 times in 12 h is the most.")
    app = signed_in("clerk", {"break_glass": "all"})
    app.text_input(key="glass-ref").set_value("P-7")
    app.text_input(key="glass-words").set_value("found in the lift").run()
    next(one for one in app.button if one.label == "Break the glass").click().run()
    assert "3 times in 12 h" in app.error[0].value


def test_a_manager_is_told_who_looked_and_reviews_it_with_a_note(
    signed_in: Callable[..., AppTest], api: PlayedApi
) -> None:
    api.answers["GET /glass"] = (200, w.BrokenGlass(items=[broken()]))
    app = signed_in("manager", {"review": "with_reason"})
    assert "asha" in texts(app)
    assert r"found in the \*lift\*" in texts(app)
    [button] = app.button
    assert button.disabled
    api.answers["POST /glass/g1/review"] = (200, broken())
    app.text_input(key="glass-g1").set_value("as it should be").run()
    app.button[0].click().run()
    assert not app.exception
    assert api.sent("POST /glass/g1/review") == [{"note": "as it should be"}]


@pytest.mark.parametrize("may", [{}, {"register": "all"}])
def test_others_are_shown_nothing_of_it(
    signed_in: Callable[..., AppTest], api: PlayedApi, may: dict[str, str]
) -> None:
    app = signed_in("viewer", may)
    assert not app.button
    assert not api.sent("GET /glass")
