"""A file to take away: whoever has signed in gives the password for it, and it is recorded."""

import hashlib
from typing import Any

import streamlit as st

from dashboard.acting.proof import ask_proof, is_proved
from dashboard.asking.looks import are_recorded
from dashboard.whose import whose
from simulator.client import Shown

LABEL = "Download as CSV"


def offer(place: Any, content: bytes, name: str) -> None:
    """`content`: of the file that is called `name`."""
    who = whose()
    if who is None:
        _download(place, content, name)
        return
    digest = name, hashlib.sha256(content).hexdigest()
    with place.popover(LABEL, icon=":material/download:"):
        typed = ask_proof("export")
        if st.button("Make the file", disabled=typed == "") and is_proved(typed):
            is_told = are_recorded(who, Shown.EXPORT, name, [])
            st.session_state["export"] = digest if is_told else None
            if not is_told:
                st.error("The booking system is silent: nothing is taken away now.")
        if st.session_state.get("export") == digest:
            _download(st, content, name)


def _download(place: Any, content: bytes, name: str) -> None:
    place.download_button(
        LABEL, content, name, "text/csv", icon=":material/download:", on_click="ignore"
    )
