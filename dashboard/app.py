"""The dashboard's pages, below what is the same on all of them; `dashboard/serve.py` serves it."""

from datetime import UTC, datetime
from pathlib import Path

import streamlit as st

from dashboard import theme
from dashboard.acting import glass
from dashboard.acting.desk import typed_name
from dashboard.acting.proof import ask_pin
from dashboard.asking import queries
from dashboard.asking.ask import rows
from dashboard.asking.live import glance
from dashboard.drawing import pulse, top
from dashboard.settings import DashboardSettings
from dashboard.whose import whose

st.set_page_config(
    page_title="SNR beds",
    page_icon=Path(__file__).with_name("bed.svg"),
    layout="wide",
    initial_sidebar_state="collapsed",
)
st.html(theme.STYLE)

is_asked = DashboardSettings().asks_who
me = whose()
if is_asked and (me is None or me.who.is_locked):  # the door lets nobody by: it is another start
    st.error("Nobody is signed in. Start the dashboard with ./snr up.")
    st.stop()

if me and st.session_state.setdefault("whose", me.who.session_id) != me.who.session_id:
    st.session_state.clear()  # a connection that was taken up again by somebody else
    st.session_state["whose"] = me.who.session_id

data = st.Page("app_pages/data.py", title="Data", icon=":material/database:")
page = st.navigation(
    [
        st.Page("app_pages/board.py", title="Board", icon=":material/grid_view:", default=True),
        st.Page("app_pages/book.py", title="Book", icon=":material/event_available:"),
        st.Page("app_pages/waiting.py", title="Waiting", icon=":material/hourglass_empty:"),
        st.Page("app_pages/activity.py", title="Activity", icon=":material/history:"),
        st.Page("app_pages/trends.py", title="Trends", icon=":material/monitoring:"),
        data,
    ],
    position="top",
)

ribbon, name = st.columns([4, 2] if me else [5, 1], vertical_alignment="center")
if me:
    with name.container(horizontal=True, horizontal_alignment="right", vertical_alignment="center"):
        st.html(top.whose(me), width="content")
        glass.ask_here()
        with st.popover("PIN"):
            ask_pin()
    actor = me.who.name
    st.html(theme.NO_FREE_EXPORT)
    st.html(pulse.WATCH_WHO, unsafe_allow_javascript=True)
else:
    name.text_input("Your name", key="actor", placeholder="Your name", label_visibility="collapsed")
    actor, problem = typed_name()
    if problem:
        name.error(problem)


st.html(pulse.WATCH, unsafe_allow_javascript=True)


@st.fragment(run_every=pulse.BEAT_SECONDS)
def beat() -> None:
    st.html(pulse.beat(datetime.now(UTC)))


@st.fragment(run_every=30)
def ribbons() -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.html(top.ribbons(glance().mode, actor, whose()), width="content")
        failed = rows(queries.failed_checks)
        if failed:
            with st.container(key="failed_checks", width="content"):
                st.page_link(data, label=top.failed_checks(failed), icon=":material/warning:")


with ribbon:
    ribbons()
beat()
glass.show()

page.run()
