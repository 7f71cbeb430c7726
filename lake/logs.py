"""One way of logging for all processes: lines on standard error, which carries no answers.

No line names a patient. So of an error only its kind and place are told: its words may quote what
it fell over. What storage and the lake themselves say is told in full.
"""

import logging
import sys
import traceback
from typing import Any

import structlog

OF_STORAGE = frozenset({"OSError", "LakeError", "DeltaError"})
"""By name: delta-rs is loaded by those alone that need it."""


def to_standard_error() -> None:
    """Each entry point asks for it first. Of libraries only what warns is heard."""
    logging.basicConfig(
        level=logging.WARNING, format="%(asctime)s [%(levelname)s] %(name)s: %(message)s"
    )
    without_quotes()
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="%Y-%m-%d %H:%M:%S", utc=True),
            structlog.processors.ExceptionRenderer(lambda failure: kind_and_place(failure[1])),
            structlog.dev.ConsoleRenderer(colors=False),
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


def without_quotes() -> None:
    """For the loggers of libraries too, whatever they format with: what is rendered already, the
    standard library renders no more."""
    make = logging.getLogRecordFactory()

    def made(*arguments: Any, **named: Any) -> logging.LogRecord:
        record = make(*arguments, **named)
        if record.exc_info and record.exc_info[1]:
            record.exc_text = kind_and_place(record.exc_info[1])
        return record

    logging.setLogRecordFactory(made)


def kind_and_place(error: BaseException) -> str:
    """With what caused it, the first cause first."""
    before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    lines = [kind_and_place(before)] if before else []
    lines += [line.rstrip() for line in traceback.format_tb(error.__traceback__)]
    return "\n".join([*lines, told(error)])


def told(error: BaseException) -> str:
    kind = type(error)
    is_told = any(base.__name__ in OF_STORAGE for base in kind.__mro__)
    return f"{kind.__qualname__}: {error}" if is_told else kind.__qualname__
