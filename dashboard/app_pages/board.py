"""Board: every bed as it is now."""

import streamlit as st

from dashboard import theme
from dashboard.asking import board, queries
from dashboard.asking.ask import rows
from dashboard.asking.live import glance
from dashboard.drawing import tiles, top
from dashboard.drawing.markdown import plain
from dashboard.settings import DashboardSettings
from dashboard.times import Here
from lake.vocabulary import DisplayStatus


def choose(beds: list[board.Bed]) -> tuple[board.Filter, bool]:
    """The filter, and whether only free beds are looked for."""
    search, ward, status, specialty, room, outliers, free = st.columns(
        [1.8, 1.2, 1.3, 1.6, 1.4, 1.1, 1.4], vertical_alignment="center"
    )
    wants_free = free.toggle("Find a free bed", key="wants_free")

    def one(place: st.delta_generator.DeltaGenerator, label: str, options: list[str]) -> str | None:
        return place.selectbox(
            label,
            options,
            index=None,
            placeholder=label,
            format_func=theme.words,
            label_visibility="collapsed",
        )

    chosen = board.Filter(
        text=search.text_input(
            "Search", placeholder="Bed or patient", label_visibility="collapsed"
        ),
        ward_id=one(ward, "All wards", board.choices(beds, "ward_id")),
        status=one(status, "Any status", [*DisplayStatus]),
        specialty=one(specialty, "Any specialty", board.choices(beds, "specialty")),
        room_class=one(room, "Any room class", board.choices(beds, "room_class")),
        is_outlier=outliers.toggle("Outliers", key="outliers"),
    )
    return chosen, wants_free


def offer_free_beds(beds: list[board.Bed], here: Here) -> None:
    if not beds:
        st.info("No bed is free and clean here. Widen the filter, or see which are in cleaning.")
    for ward in board.wards(beds, board.Filter()):
        name = plain(f"{ward.ward_id} {ward.ward_name}")
        st.markdown(f"**{name}** {plain(theme.words(ward.specialty))}")
        with st.container(horizontal=True, gap="small"):
            for bed in ward.beds:
                st.page_link(
                    "app_pages/book.py",
                    label=plain(tiles.offer(bed, here)),
                    query_params={"bed_id": bed["bed_id"]},
                )


@st.fragment(run_every=2)
def live_board() -> None:
    now = glance()
    beds = rows(queries.beds, now=now.hospital_at)
    st.html(top.strip(now, tiles.counts(board.counts(beds))))
    if not beds:
        st.info("No beds are registered yet. The board fills as soon as the hospital is set up.")
        return
    chosen, wants_free = choose(beds)
    if wants_free:
        offer_free_beds(board.free_beds(beds, chosen), now.here)
    else:
        shown = board.wards(beds, chosen)
        limits = DashboardSettings().thresholds
        st.html(tiles.wards(shown, now.here, is_stale=now.age.is_stale, limits=limits))
        if not shown:
            st.info("No bed and no patient fits. Search for a part of a bed or patient reference.")


live_board()
