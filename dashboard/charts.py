"""The charts: answers in, Altair out. Nothing is asked or computed here."""

import altair as alt
import pyarrow as pa

from dashboard import theme
from lake.vocabulary import DisplayStatus

Drawn = alt.Chart | alt.LayerChart | alt.FacetChart

HEIGHT = 290

ALL_LABELS = alt.Axis(labelLimit=200, labelOverlap=False)

# A term has a row for each origin, each with the term's whole count.
BY_TERM_COUNT = alt.EncodingSortField("term_count", op="max", order="descending")

STACK = (
    DisplayStatus.OCCUPIED,
    DisplayStatus.DIRTY,
    DisplayStatus.RESERVED,
    DisplayStatus.AVAILABLE,
    DisplayStatus.CLOSED,
)
"""From the bottom up."""


def census_hourly(answer: pa.Table) -> Drawn:
    """`census_local` is the hospital's own clock without a zone: drawn as it reads."""
    chart = (
        alt.Chart(answer)
        .transform_calculate(layer=f"indexof({[*map(str, STACK)]}, datum.display_status)")
        .mark_area(opacity=0.85)
        .encode(
            x=alt.X("census_local:T", title=None, scale=alt.Scale(type="utc")),
            y=alt.Y("bed_count:Q", title="beds", stack="zero"),
            color=_colour(
                "display_status", {status: theme.LOOKS[status].strong for status in STACK}
            ),
            order=alt.Order("layer:Q"),
            tooltip=[
                alt.Tooltip("utcyearmonthdatehours(census_local):T", title="hour"),
                alt.Tooltip("display_status:N", title="status"),
                alt.Tooltip("bed_count:Q", title="beds"),
            ],
        )
    )
    return _finished(chart)


def ward_occupancy(answer: pa.Table) -> Drawn:
    bars = (
        alt.Chart(answer)
        .mark_bar(color=theme.CALM_LEVEL.colour)
        .encode(
            x=alt.X("occupancy_percent:Q", title="% occupancy", scale=alt.Scale(domainMin=0)),
            y=alt.Y("ward_name:N", title=None, sort="-x", axis=ALL_LABELS),
            color=alt.Color(
                "occupancy_percent:Q", legend=None, scale=_by_level(), title="% occupancy"
            ),
            tooltip=[
                alt.Tooltip("ward_name:N", title="ward"),
                alt.Tooltip("occupancy_percent:Q", title="% occupancy", format=".1f"),
                alt.Tooltip("occupied_bed_days:Q", title="occupied bed-days"),
                alt.Tooltip("available_bed_days:Q", title="available bed-days"),
            ],
        )
    )
    return _finished(alt.layer(bars, _threshold_lines()))


def movements_daily(answer: pa.Table) -> Drawn:
    chart = (
        alt.Chart(answer)
        .mark_line(point=alt.OverlayMarkDef(size=22), strokeWidth=1.5)
        .encode(
            x=alt.X("census_on:T", title=None, scale=alt.Scale(type="utc")),
            y=alt.Y("patient_count:Q", title="patients a day"),
            color=_colour("movement", theme.MOVEMENTS),
            shape=alt.Shape("movement:N", legend=None, scale=alt.Scale(domain=[*theme.MOVEMENTS])),
            tooltip=[
                alt.Tooltip("utcyearmonthdate(census_on):T", title="day"),
                alt.Tooltip("movement:N", title="what"),
                alt.Tooltip("patient_count:Q", title="patients"),
            ],
        )
    )
    return _finished(chart)


def top_terms(answer: pa.Table) -> Drawn:
    chart = (
        alt.Chart(answer)
        .mark_bar()
        .encode(
            x=alt.X("update_count:Q", title="updates", stack="zero"),
            y=alt.Y(
                "term:N",
                title=None,
                sort=alt.SortField("term_count", order="descending"),
                axis=ALL_LABELS,
            ),
            color=_colour("origin", {"automatic": theme.AUTOMATIC, "manual": theme.MANUAL}),
            tooltip=["term:N", "origin:N", alt.Tooltip("update_count:Q", title="updates")],
        )
    )
    return _finished(chart)


def _finished(chart: Drawn) -> Drawn:
    drawn: Drawn = (
        chart.properties(height=HEIGHT)
        .configure_axis(labelColor=theme.INK, titleColor=theme.INK)
        .configure_legend(labelColor=theme.INK)
    )
    return drawn


def _colour(field: str, colours: dict[str, str] | dict[DisplayStatus, str]) -> alt.Color:
    return alt.Color(
        f"{field}:N",
        title=None,
        scale=alt.Scale(domain=[*map(str, colours)], range=[*colours.values()]),
        legend=alt.Legend(orient="top", offset=4, padding=0, symbolSize=80),
    )


def _by_level() -> alt.Scale:
    levels = (theme.CALM_LEVEL, theme.BUSY_LEVEL, theme.FULL_LEVEL)
    return alt.Scale(
        type="threshold",
        domain=[theme.BUSY, theme.FULL],
        range=[level.colour for level in levels],
    )


def _threshold_lines() -> Drawn:
    limits = alt.InlineData(
        [{"percent": level, "label": f"{level:.0f} %"} for level in (theme.BUSY, theme.FULL)]
    )
    lines = alt.Chart(limits).mark_rule(strokeDash=[5, 3], color=theme.INK).encode(x="percent:Q")
    labels = (
        alt.Chart(limits)
        .mark_text(align="left", dx=3, baseline="top", color=theme.INK, fontSize=10)
        .encode(x="percent:Q", y=alt.value(-12), text="label:N")
    )
    return alt.layer(lines, labels)
