"""Values as they travel: instants, references, codes, notes."""

from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

from simulator.wire.names import patient_ref

EARLIEST, LATEST = datetime(1900, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)


def _instant(value: Any) -> datetime:
    """An ISO 8601 text with an offset, as a UTC instant between 1900 and 2200."""
    try:
        parsed = value if isinstance(value, datetime) else _parsed(value)
        if parsed.tzinfo is None:
            raise ValueError("has no offset; write Z for UTC, or +05:30")
        instant = parsed.astimezone(UTC)
    except OverflowError:
        raise ValueError("lies outside the calendar") from None
    if not EARLIEST <= instant <= LATEST:
        raise ValueError("must lie between 1900 and 2200")
    return instant


def _parsed(value: Any) -> datetime:
    if not isinstance(value, str):
        raise ValueError("must be an ISO 8601 text such as 2026-11-24T03:00:00Z")
    return datetime.fromisoformat(value)


Instant = Annotated[datetime, BeforeValidator(_instant), Field(examples=["2026-11-24T03:00:00Z"])]
Note = Annotated[str, Field(max_length=2000, examples=["relatives informed"])]
Code = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$", examples=["maintenance"])]
PatientRef = Annotated[
    str,
    AfterValidator(patient_ref),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": "^[A-Za-z0-9._-]*[0-9][A-Za-z0-9._-]*$",
            "minLength": 3,
            "maxLength": 64,
            "description": "Opaque reference with at least one digit; never a name",
            "examples": ["MRN-1042"],
        }
    ),
]
RegisterId = Annotated[str, Field(pattern=r"^[A-Za-z0-9-]{1,32}$")]
KnownId = Annotated[str, Field(max_length=64)]
"""Of a bed, ward or booking that is meant to be there already."""
