"""The charts: answers in, Altair out. Nothing is asked or computed here."""

import altair as alt
import pyarrow as pa

from dashboard import theme
from lake.vocabulary import DisplayStatus

Drawn = alt.Chart | alt.LayerChart | alt.FacetChart

HEIGHT = 290
BAR_HEIGHT = 16
"""At least, so that many wards can be told apart."""

DASHES = [5, 3]

FROM_0 = alt.DomainUnionWith(unionWith=[0, 1])
"""An axis that begins at 0, and is one where all is 0."""

ALL_LABELS = alt.Axis(labelLimit=200, labelOverlap=False)

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


def ward_occupancy(answer: pa.Table, limits: theme.Thresholds = theme.NHS) -> Drawn:
    bars = (
        alt.Chart(answer)
        .mark_bar(color=theme.CALM_LEVEL.colour)
        .encode(
            x=alt.X("occupancy_percent:Q", title="% occupancy", scale=alt.Scale(domainMin=0)),
            y=alt.Y("ward_name:N", title=None, sort="-x", axis=ALL_LABELS),
            color=alt.Color(
                "occupancy_percent:Q", legend=None, scale=_by_level(limits), title="% occupancy"
            ),
            tooltip=[
                alt.Tooltip("ward_name:N", title="ward"),
                alt.Tooltip("occupancy_percent:Q", title="% occupancy", format=".1f"),
                alt.Tooltip("occupied_bed_days:Q", title="occupied bed-days"),
                alt.Tooltip("available_bed_days:Q", title="available bed-days"),
            ],
        )
    )
    return _finished(alt.layer(bars, _threshold_lines(limits)), bars=answer.num_rows)


def unit_kpis(answer: pa.Table, limits: theme.Thresholds = theme.NHS) -> Drawn:
    """% occupancy of each unit over time."""
    lines = _lines(answer, "period_on", size=26).encode(
        y=alt.Y("occupancy_percent:Q", title="% occupancy", scale=alt.Scale(zero=False, nice=True)),
        color=_named_colour("unit_name").sort(None),  # as they come: W2 before W10
        tooltip=[
            alt.Tooltip("unit_name:N", title="unit"),
            _on("period_on", title="from"),
            alt.Tooltip("day_count:Q", title="days"),
            alt.Tooltip("occupancy_percent:Q", title="% occupancy", format=".1f"),
        ],
    )
    return _finished(alt.layer(lines, _level_lines(limits)))


PHASES = {"response": "Response: dirty to started", "clean": "Clean: started to finished",
          "turn": "Turn: dirty to clean"}  # fmt: skip


def turnaround_by_ward(answer: pa.Table, phase: str) -> Drawn:
    """One of the PHASES, with its goal."""
    ward = alt.Y("ward_name:N", title=None, sort=None, axis=ALL_LABELS)
    of_phase = alt.Chart(answer).transform_filter(f"datum.phase == '{phase}'")
    bars = of_phase.mark_bar(height={"band": 0.62}).encode(
        x=alt.X(
            "median_minutes:Q",
            title="median minutes",
            scale=alt.Scale(domainMin=0),
            axis=alt.Axis(tickCount=6),
        ),
        y=ward,
        color=alt.condition(
            "datum.median_minutes < datum.goal_minutes",
            alt.value(theme.CALM_LEVEL.colour),
            alt.value(theme.BUSY_LEVEL.colour),
        ),
        tooltip=[
            alt.Tooltip("ward_name:N", title="ward"),
            alt.Tooltip("median_minutes:Q", title="median minutes", format=".1f"),
            alt.Tooltip("goal_minutes:Q", title="goal, under"),
            alt.Tooltip("in_goal_percent:Q", title="% within the goal", format=".0f"),
            alt.Tooltip("cycle_count:Q", title="cycles"),
        ],
    )
    numbers = of_phase.mark_text(align="right", dx=-5, color="#ffffff", fontSize=11).encode(
        x="median_minutes:Q", y=ward, text=alt.Text("median_minutes:Q", format=".0f")
    )
    goals = of_phase.mark_rule(strokeDash=DASHES, color=theme.INK).encode(
        x=alt.X("max(goal_minutes):Q", title="median minutes")
    )
    return _finished(alt.layer(bars, numbers, goals), bars=answer.num_rows // len(PHASES))


def update_phrases_daily(answer: pa.Table) -> Drawn:
    return _stacked_daily(answer, "flag", "update", manual_count="of them manual")


def breach_days(answer: pa.Table) -> Drawn:
    return _stacked_daily(answer, "breach", "patient", explained_count="of them by override")


def _stacked_daily(answer: pa.Table, name: str, what: str, **of_them: str) -> Drawn:
    """A bar for each day, with a part for each name. `of_them`: counts of some, in words."""
    chart = (
        alt.Chart(answer)
        .mark_bar()
        .encode(
            x=alt.X(
                "utcyearmonthdate(counted_on):T",
                title=None,
                scale=alt.Scale(type="utc"),
                axis=alt.Axis(format="%a %d", labelOverlap=True),
            ),
            y=alt.Y(f"{what}_count:Q", title=f"{what}s", stack="zero"),
            color=_named_colour(name),
            tooltip=[
                _on("counted_on"),
                alt.Tooltip(f"{name}:N"),
                alt.Tooltip(f"{what}_count:Q", title=f"{what}s"),
                *(alt.Tooltip(f"{count}:Q", title=words) for count, words in of_them.items()),
            ],
        )
    )
    return _finished(chart)


def manual_share_daily(answer: pa.Table) -> Drawn:
    lines = _lines(answer, "counted_on").transform_filter("datum.origin == 'manual'")
    chart = lines.encode(
        y=alt.Y("share_percent:Q", title="% of updates", scale=alt.Scale(domain=FROM_0)),
        color=alt.value(theme.MANUAL),
        tooltip=[
            _on("counted_on"),
            alt.Tooltip("share_percent:Q", title="% manual", format=".1f"),
            alt.Tooltip("update_count:Q", title="manual updates"),
        ],
    )
    return _finished(chart)


def update_length_daily(answer: pa.Table) -> Drawn:
    chart = _lines(answer, "counted_on").encode(
        y=alt.Y("mean_length:Q", title="characters", scale=alt.Scale(domainMin=0)),
        color=_colour("origin", theme.ORIGINS),
        tooltip=[
            _on("counted_on"),
            "origin:N",
            alt.Tooltip("mean_length:Q", title="characters, on average", format=".1f"),
            alt.Tooltip("update_count:Q", title="updates"),
        ],
    )
    return _finished(chart)


def movements_daily(answer: pa.Table) -> Drawn:
    chart = _lines(answer, "census_on").encode(
        y=alt.Y("patient_count:Q", title="patients a day"),
        color=_colour("movement", theme.MOVEMENTS),
        shape=alt.Shape("movement:N", legend=None, scale=alt.Scale(domain=[*theme.MOVEMENTS])),
        tooltip=[
            _on("census_on"),
            alt.Tooltip("movement:N", title="what"),
            alt.Tooltip("patient_count:Q", title="patients"),
        ],
    )
    return _finished(chart)


def top_terms(answer: pa.Table) -> Drawn:
    """A term has a row for each origin, each with the term's whole count."""
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
            color=_colour("origin", theme.ORIGINS),
            tooltip=["term:N", "origin:N", alt.Tooltip("update_count:Q", title="updates")],
        )
    )
    return _finished(chart)


def _lines(answer: pa.Table, on: str, size: int = 22) -> alt.Chart:
    """A point of `size` for each date `on`, joined by lines."""
    lines = alt.Chart(answer).mark_line(point=alt.OverlayMarkDef(size=size), strokeWidth=1.5)
    drawn: alt.Chart = lines.encode(x=alt.X(f"{on}:T", title=None, scale=alt.Scale(type="utc")))
    return drawn


def _on(date: str, title: str = "day") -> alt.Tooltip:
    return alt.Tooltip(f"utcyearmonthdate({date}):T", title=title)


def _finished(chart: Drawn, bars: int = 0) -> Drawn:
    drawn: Drawn = (
        chart.properties(height=max(HEIGHT, BAR_HEIGHT * bars))
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


def _named_colour(field: str) -> alt.Color:
    """For names that the data brings."""
    return alt.Color(
        f"{field}:N",
        title=None,
        scale=alt.Scale(range=[*theme.LINES]),
        legend=alt.Legend(
            orient="top", offset=4, padding=0, symbolSize=80, columns=4, labelLimit=200
        ),
    )


def _by_level(limits: theme.Thresholds) -> alt.Scale:
    levels = (theme.CALM_LEVEL, theme.BUSY_LEVEL, theme.FULL_LEVEL)
    return alt.Scale(
        type="threshold",
        domain=[limits.busy, limits.full],
        range=[level.colour for level in levels],
    )


def _limits(limits: theme.Thresholds) -> alt.InlineData:
    percents = (limits.busy, limits.full)
    return alt.InlineData([{"percent": p, "label": f"{p:g} %"} for p in percents])


def _threshold_lines(limits: theme.Thresholds) -> Drawn:
    """Upright, for bars that lie."""
    data = _limits(limits)
    lines = alt.Chart(data).mark_rule(strokeDash=DASHES, color=theme.INK).encode(x="percent:Q")
    labels = (
        alt.Chart(data)
        .mark_text(align="left", dx=3, baseline="top", color=theme.INK, fontSize=10)
        .encode(x="percent:Q", y=alt.value(-12), text="label:N")
    )
    return alt.layer(lines, labels)


def _level_lines(limits: theme.Thresholds) -> Drawn:
    """Level, for what runs over time."""
    data = _limits(limits)
    lines = alt.Chart(data).mark_rule(strokeDash=DASHES, color=theme.INK).encode(y="percent:Q")
    labels = (
        alt.Chart(data)
        .mark_text(align="left", dx=4, color=theme.INK, fontSize=10)
        .encode(x=alt.value("width"), y="percent:Q", text="label:N")
    )
    return alt.layer(lines, labels)
