"""Asks for the password once more, where a session alone is not enough; and for a PIN."""

import streamlit as st

from dashboard.acting import desk
from dashboard.drawing.markdown import plain
from dashboard.whose import whose


def ask_proof(key: str) -> str | None:
    """What was typed; None: nobody has to."""
    me = whose()
    if me is None or me.who.is_proved:
        return None
    return st.text_input("Your password", type="password", key=f"{key}-password", max_chars=200)


def is_proved(typed: str | None) -> bool:
    """Says what is wrong where it is not."""
    problem = desk.prove(typed) if typed is not None else ""
    if problem:
        st.error(plain(problem))
    return not problem


def ask_pin() -> None:
    """So that the next sign-in on this device takes four digits."""
    st.caption("A PIN opens your session again on this device, until 12 hours after your password.")
    pin = st.text_input("PIN, at least 4 digits", type="password", key="pin", max_chars=12)
    password = ask_proof("pin")
    if st.button("Set the PIN", disabled=not pin or password == "") and is_proved(password):
        problem = desk.set_pin(pin)
        if problem:
            st.error(plain(problem))
        else:
            st.success("Set for this device.")
