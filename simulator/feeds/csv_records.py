"""Text files of rows as hospitals have them: RFC 4180, in the encodings of their programs."""

import codecs
import csv
import re
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

MARKED = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
LONGEST_TEXT_LINES = 1_000
LINE_END = re.compile(r"\r\n|\r|\n")
OPEN_AT_THE_END = "unexpected end of data"

IsRow = Callable[[list[str]], bool]


class Record(NamedTuple):
    """`line`: the physical line where it begins. `values`: none where it is not CSV."""

    line: int
    values: list[str]
    text: str


def lines_of(content: bytes) -> tuple[list[str], list[int]]:
    """Physical lines with their ends, and the numbers of those read as Windows-1252.

    Those are the lines that are not UTF-8, in a file that is not UTF-16 or UTF-32.
    """
    encoding = _encoding_of(content)
    if encoding:
        content = content.decode(encoding, errors="replace").encode()
    content = content.removeprefix(codecs.BOM_UTF8)
    lines, others = [], []
    for number, line in enumerate(content.splitlines(keepends=True), start=1):
        try:
            lines.append(line.decode())
        except UnicodeDecodeError:
            lines.append(line.decode("cp1252", errors="replace"))
            others.append(number)
    return lines, others


def _encoding_of(content: bytes) -> str | None:
    for mark, encoding in MARKED:
        if content.startswith(mark):
            return encoding
    match [byte == 0 for byte in content[:2]]:
        case [False, True]:
            return "utf-16-le"
        case [True, False]:
            return "utf-16-be"
    return None


def records(lines: Sequence[str], separator: str, is_row: IsRow) -> Iterator[Record]:
    """Every record but blank ones. A quotation mark that is never closed spoils only its own line.

    `is_row`: whether the values of one physical line are a row by themselves; no text goes on
    over such a line.
    """
    at = 0
    while at < len(lines):
        record = _one_line(lines, at, separator) or _over_lines(lines, at, separator, is_row)
        if record.text.strip():
            yield record
        at += 1 + len(LINE_END.findall(record.text))


def values_of(text: str, separator: str) -> tuple[list[str], bool]:
    """The values, none where it is not CSV, and whether it ends inside a quoted text."""
    try:
        rows = csv.reader([text.replace("\0", "\ufffd")], strict=True, delimiter=separator)
        return next(rows, []), False
    except csv.Error as error:
        return [], OPEN_AT_THE_END in str(error)


def _one_line(lines: Sequence[str], at: int, separator: str) -> Record | None:
    """None where the line ends inside a quoted text."""
    text = _without_end(lines[at])
    values, is_open = values_of(text, separator)
    return None if is_open else Record(at + 1, values, text)


def _over_lines(lines: Sequence[str], at: int, separator: str, is_row: IsRow) -> Record:
    for end in range(at + 1, min(at + LONGEST_TEXT_LINES, len(lines))):
        if is_row(values_of(_without_end(lines[end]), separator)[0]):
            break
        if '"' not in lines[end]:
            continue
        text = _without_end("".join(lines[at : end + 1]))
        values, is_open = values_of(text, separator)
        if values:
            return Record(at + 1, values, text)
        if not is_open:
            break
    return Record(at + 1, [], _without_end(lines[at]))


def _without_end(line: str) -> str:
    return line.rstrip("\r\n")
