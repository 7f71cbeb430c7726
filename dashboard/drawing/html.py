"""HTML from the templates beside this file, which escape every text that is not Markup."""

from datetime import datetime
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from dashboard import theme, times


def filled(template: str, **values: Any) -> Markup:
    """For `st.html`, or for another template to put in its place."""
    return Markup(_TEMPLATES.get_template(f"{template}.html").render(values))  # noqa: S704 - it escapes


def _count(number: int | None) -> str:
    return "" if number is None else f"{number:,}"


def _minute(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M}"


def templates_of(package: str) -> Environment:
    """Of its folder `templates`; every text that is not Markup is escaped."""
    return Environment(
        loader=PackageLoader(package),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


_TEMPLATES = templates_of("dashboard.drawing")
_TEMPLATES.filters |= {
    "words": theme.words,
    "duration": times.duration,
    "count": _count,
    "minute": _minute,
}
