"""Twilio's own description of ``POST /v3/mail/send``, where it lies beside the project."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker

from newsletter.testing.stub_sendgrid import SEND, Exchange
from tests.tools import SHARED

_FILE = SHARED and SHARED / "sendgrid" / "sendgrid-v3-subset.patched.json"


@cache
def _document() -> dict[str, Any]:
    assert _FILE
    return _with_null(json.loads(_FILE.read_text()))


def _with_null(node: Any) -> Any:
    """Return the schema with OpenAPI 3.0's ``nullable`` said in JSON Schema."""
    if isinstance(node, list):
        return [_with_null(one) for one in node]
    if not isinstance(node, dict):
        return node
    node = {key: _with_null(one) for key, one in node.items()}
    if node.get("nullable") is True and isinstance(node.get("type"), str):
        node["type"] = [node["type"], "null"]
    return node


@cache
def _validator(reference: str) -> Draft202012Validator:
    schema = {"$ref": reference, "components": _document()["components"]}
    return Draft202012Validator(schema, format_checker=FormatChecker())


def request_faults(body: Any) -> list[str]:
    """Return what Twilio's schema finds wrong in the body of a request to send."""
    # "/" in a JSON pointer is "~1".
    validator = _validator("#/components/requestBodies/mail.PostMailSend/content/application~1json/schema")
    return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(body)]


def answer_faults(status: int, body: Any, *, method: str = "post", path: str = SEND) -> list[str]:
    """Return what Twilio's schema finds wrong in an answer in JSON, if it knows that status."""
    response = _document()["paths"][path][method]["responses"].get(str(status), {})
    if "$ref" in response:
        response = _document()["components"]["responses"][response["$ref"].rpartition("/")[2]]
    schema = response.get("content", {}).get("application/json", {}).get("schema")
    if not schema:
        return []
    validator = Draft202012Validator({**schema, "components": _document()["components"]})
    return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(body)]


def check_exchange(exchange: Exchange) -> None:
    """Hold a request and the stub's answer to the schema: the stub may be stricter, never laxer."""
    if not _FILE or exchange.request.path != SEND:
        return
    answer = exchange.answer
    if answer.content_type == "application/json":
        assert answer_faults(answer.status, json.loads(answer.body)) == []
    if answer.status in (200, 202):
        assert request_faults(json.loads(exchange.request.body)) == []
