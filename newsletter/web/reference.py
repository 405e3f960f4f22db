"""The calls of the API as a page shows them, read from the API's own document (OpenAPI). Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """One thing that a call brings or answers."""

    name: str
    kind: str
    is_needed: bool
    about: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One way in which a call is answered."""

    status: str
    about: str
    values: Sequence[Value]


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call."""

    id: str
    method: str
    path: str
    about: str
    right: str  # empty: none of its own
    needs_token: bool
    parameters: Sequence[Value]
    body: Sequence[Value]
    answers: Sequence[Answer]


def calls(document: Document) -> dict[str, list[Call]]:
    """Return every call by its tag, in the document's order."""
    found: dict[str, list[Call]] = {}
    for path, methods in document["paths"].items():
        for method, call in methods.items():
            tag = next(iter(call.get("tags", ())), "")
            found.setdefault(tag, []).append(_call(document, path, method, call))
    return found


def _call(document: Document, path: str, method: str, call: Document) -> Call:
    content = call.get("requestBody", {}).get("content", {})
    return Call(
        id=call["operationId"],
        method=method.upper(),
        path=path,
        about=call.get("description", "") or call.get("summary", ""),
        right=call.get("x-right") or "",
        needs_token=bool(call.get("security")),
        parameters=[
            Value(
                name=each["name"],
                kind=_kind(document, each.get("schema", {})),
                is_needed=each.get("required", False),
                about=each.get("description", ""),
            )
            for each in call.get("parameters", ())
        ],
        body=_values(document, next(iter(content.values()), {}).get("schema", {})),
        answers=[
            Answer(
                status=status,
                about=answer.get("description", ""),
                values=_values(document, _schema_of(answer)) if status.startswith("2") else [],
            )
            for status, answer in call.get("responses", {}).items()
        ],
    )


def _schema_of(answer: Document) -> Document:
    return next(iter(answer.get("content", {}).values()), {}).get("schema", {})


def _values(document: Document, schema: Document) -> list[Value]:
    schema = _resolved(document, schema)
    needed = schema.get("required", ())
    return [
        Value(
            name=name,
            kind=_kind(document, each),
            is_needed=name in needed,
            about=each.get("description", ""),
        )
        for name, each in schema.get("properties", {}).items()
    ]


def _kind(document: Document, schema: Document) -> str:
    """Return what a value is, in a few words: "string", "viewer | editor", "list of {id, name}"."""
    if "anyOf" in schema:
        return " | ".join(_kind(document, each) for each in schema["anyOf"])
    schema = _resolved(document, schema)
    if "enum" in schema:
        return " | ".join(map(str, schema["enum"]))
    if "const" in schema:
        return str(schema["const"])
    kind = str(schema.get("type", "any"))
    if kind == "array":
        return f"list of {_kind(document, schema.get('items', {}))}"
    if kind == "object" and schema.get("properties"):
        return "{" + ", ".join(schema["properties"]) + "}"
    return {"date-time": "moment", "date": "date"}.get(schema.get("format", ""), kind)


def _resolved(document: Document, schema: Document) -> Document:
    while "$ref" in schema:
        found: Any = document
        for part in schema["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        schema = found
    return schema
