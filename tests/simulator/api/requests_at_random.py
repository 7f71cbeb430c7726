"""Requests made from what the API says of itself: where a text fits in, and anything at random."""

import json
import random
from collections.abc import Iterator
from typing import Any, NamedTuple

Schema = dict[str, Any]
Where = tuple[str, ...]


class Slot(NamedTuple):
    """A place in a request that takes a text: `path`, `query`, `header` or `body`."""

    way: str
    part: str
    name: Where


class Told:
    """The OpenAPI document; ways are `POST /beds/{bed_id}`."""

    def __init__(self, document: Schema) -> None:
        self._schemas = document["components"]["schemas"]
        self.ways = {
            f"{method.upper()} {path}": operation
            for path, operations in document["paths"].items()
            for method, operation in operations.items()
        }

    def slots(self, way: str) -> Iterator[Slot]:
        for one in self.ways[way].get("parameters", ()):
            yield Slot(way, one["in"], (one["name"],))
        body = self.body(way)
        yield from (Slot(way, "body", name) for name in self._texts(body)) if body else ()

    def body(self, way: str) -> Schema | None:
        content = self.ways[way].get("requestBody", {}).get("content", {})
        return content["application/json"]["schema"] if content else None

    def _texts(self, schema: Schema, deep: int = 0) -> Iterator[Where]:
        for one in self._kinds(schema):
            for name, inner in one.get("properties", {}).items():
                is_text = any(k.get("type") == "string" for k in self._kinds(inner))
                yield from ((name,),) if is_text else ()
                if deep < 2:
                    yield from ((name, *rest) for rest in self._texts(inner, deep + 1))
            if "items" in one:
                items = one["items"]
                is_text = any(k.get("type") == "string" for k in self._kinds(items))
                yield from (("0",),) if is_text else ()
                yield from (("0", *rest) for rest in self._texts(items, deep + 1))

    def _kinds(self, schema: Schema) -> Iterator[Schema]:
        """What it may be, without references."""
        while "$ref" in schema:
            schema = self._schemas[schema["$ref"].rsplit("/", 1)[1]]
        if "anyOf" in schema:
            for one in schema["anyOf"]:
                yield from self._kinds(one)
        else:
            yield schema

    def value(  # noqa: PLR0911 - one for each kind
        self, schema: Schema, chance: random.Random, known: list[str]
    ) -> Any:
        """Something of the schema most of the time."""
        if chance.random() < 0.04:
            return chance.choice(ODD)
        one = chance.choice([*self._kinds(schema)])
        if "enum" in one or "const" in one:
            return chance.choice(one.get("enum") or [one["const"]])
        match one.get("type"):
            case "object":
                fields, needed = one.get("properties", {}), one.get("required", ())
                return {
                    name: self.value(inner, chance, known)
                    for name, inner in fields.items()
                    if name in needed or chance.random() < 0.3
                }
            case "array":
                count = chance.choice((0, 1, 1, 2, 5))
                return [self.value(one["items"], chance, known) for _ in range(count)]
            case "boolean":
                return chance.random() < 0.5
            case "integer" | "number":
                low, high = one.get("minimum", 0), one.get("maximum", 100)
                return chance.choice((low, high, chance.randint(int(low), int(high))))
            case "string" if one.get("format") == "date-time":
                return chance.choice(INSTANTS)
            case "string":
                return chance.choice((*known, *one.get("examples", ()), *TEXTS))
        return None


ODD = (None, "", -1, 0, 1.5, 2**70, True, [], {}, [[]], "x" * 3000, "\x00", "\ud800", {"a": {}})
TEXTS = ("W1", "W2", "P-1", "general", "x", "' OR 1=1 --", "../..", "内科", "maintenance", "ready")
INSTANTS = ("2026-03-02T08:00:00Z", "1900-01-01T00:00:00Z", "2199-12-31T00:00:00+05:30",
            "2099-01-01T00:00:00Z", "0001-01-01T00:00:00+05:30", "now")  # fmt: skip


def put(body: Any, name: Where, text: str) -> Any:
    """The body with the text in that place."""
    if not name:
        return text
    first, *rest = name
    if first.isdigit():
        inner = body[0] if isinstance(body, list) and body else {}
        return [put(inner, tuple(rest), text)]
    inner = body if isinstance(body, dict) else {}
    return inner | {first: put(inner.get(first), tuple(rest), text)}


def as_json(body: Any) -> bytes:
    """What a client can send that minds nothing."""
    return json.dumps(body).encode()
