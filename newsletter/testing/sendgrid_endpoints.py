"""What the stub SendGrid answers beside sending: scopes, batches, suppression lists, domains, settings."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from newsletter.clock import Clock
from newsletter.testing.faults import Answer, errors, json_answer
from newsletter.testing.loopback import Request
from newsletter.testing.scheduled import Scheduled
from newsletter.testing.suppressions import LARGEST_PAGE, Entry, ListName, Suppressions

Query = dict[str, str]
Handler = Callable[[str, Query, Any], Answer]
_LISTS = "|".join(ListName)
_NO_CONTENT = Answer(status=204)
_NOT_FOUND = errors(404, (None, "not found"))


class Endpoints:
    """The rest of the API over one account's state, which a test may set."""

    def __init__(self, clock: Clock) -> None:
        self.suppressions = Suppressions()
        self.scheduled = Scheduled()
        self.domains: list[str] = []  # authenticated ones
        self.invalid_records: set[str] = set()  # of them: "dkim1", "dkim2" or "mail_cname"
        self.tracking = {"subscription": False, "click": False, "open": False}
        self.webhooks: list[dict[str, Any]] = []
        self._clock = clock
        # method, path, the scope it needs, what answers; the first group of the path is what it is about
        self._routes: list[tuple[str, re.Pattern[str], str, Handler]] = [
            (method, re.compile(path), scope, handler)
            for method, path, scope, handler in [
                ("POST", "/v3/mail/batch()", "mail.batch.create", self._issue),
                ("GET", "/v3/mail/batch/([^/]+)", "mail.batch.read", self._batch),
                ("POST", "/v3/user/scheduled_sends()", "user.scheduled_sends.create", self._hold),
                ("GET", "/v3/user/scheduled_sends(?:/([^/]+))?", "user.scheduled_sends.read", self._held),
                (
                    "PATCH",
                    "/v3/user/scheduled_sends/([^/]+)",
                    "user.scheduled_sends.update",
                    self._hold_again,
                ),
                ("DELETE", "/v3/user/scheduled_sends/([^/]+)", "user.scheduled_sends.delete", self._let_go),
                ("GET", f"/v3/suppression/({_LISTS})", "suppression.read", self._page),
                ("GET", f"/v3/suppression/((?:{_LISTS})/[^/]+)", "suppression.read", self._entry),
                ("DELETE", f"/v3/suppression/((?:{_LISTS})/[^/]+)", "suppression.delete", self._remove),
                ("POST", "/v3/asm/suppressions/global()", "asm.groups.create", self._unsubscribe),
                ("DELETE", "/v3/asm/suppressions/global/([^/]+)", "asm.groups.delete", self._resubscribe),
                ("GET", "/v3/whitelabel/domains()", "whitelabel.read", self._domains),
                ("POST", r"/v3/whitelabel/domains/(\d+)/validate", "whitelabel.update", self._validate),
                (
                    "GET",
                    "/v3/user/webhooks/event/settings/all()",
                    "user.webhooks.event.settings.read",
                    self._hooks,
                ),
                (
                    "GET",
                    "/v3/tracking_settings/(subscription|click|open)",
                    "tracking_settings.read",
                    self._track,
                ),
            ]
        ]

    def answer(self, request: Request, scopes: Collection[str]) -> Answer:
        """Answer a request of a caller who may do what ``scopes`` say."""
        url = urlsplit(request.path)
        if url.path == "/v3/scopes":
            return json_answer(200, {"scopes": sorted(scopes)}) if request.method == "GET" else _no_method()
        fitting = [(route, match) for route in self._routes if (match := route[1].fullmatch(url.path))]
        if not fitting:
            return _NOT_FOUND
        for (method, _, scope, handler), match in fitting:
            if method == request.method:
                if scope not in scopes:
                    return errors(403, (None, "access forbidden"))
                try:
                    body = json.loads(request.body) if request.body else None
                except ValueError:
                    return errors(400, (None, "Bad Request"))
                query = {name: values[-1] for name, values in parse_qs(url.query).items()}
                return handler(unquote(match[1] or ""), query, body)
        return _no_method()

    # --- batches ---

    def _issue(self, _: str, __: Query, ___: Any) -> Answer:
        return json_answer(201, {"batch_id": self.scheduled.issue()})

    def _batch(self, batch_id: str, _: Query, __: Any) -> Answer:
        if not self.scheduled.is_issued(batch_id):
            return errors(400, ("batch_id", "invalid batch id"))
        return json_answer(200, {"batch_id": batch_id})

    def _hold(self, _: str, __: Query, body: Any) -> Answer:
        given = body if isinstance(body, dict) else {}
        batch_id, status = str(given.get("batch_id")), str(given.get("status"))
        if any(one["batch_id"] == batch_id for one in self.scheduled.statuses()):
            return errors(400, ("batch_id", "a status already exists for this batch"))
        if wrong := self.scheduled.set(batch_id, status, now=self._clock()):
            return errors(400, (None, wrong))
        return json_answer(201, {"batch_id": batch_id, "status": status})

    def _hold_again(self, batch_id: str, _: Query, body: Any) -> Answer:
        if not self.scheduled.statuses(batch_id):
            return errors(404, (None, "batch id not found"))
        status = str(body.get("status")) if isinstance(body, dict) else ""
        wrong = self.scheduled.set(batch_id, status, now=self._clock())
        return errors(400, (None, wrong)) if wrong else _NO_CONTENT

    def _held(self, batch_id: str, _: Query, __: Any) -> Answer:
        return json_answer(200, self.scheduled.statuses(batch_id or None))

    def _let_go(self, batch_id: str, _: Query, __: Any) -> Answer:
        return _NO_CONTENT if self.scheduled.clear(batch_id) else errors(404, (None, "batch id not found"))

    # --- suppression ---

    def _page(self, name: str, query: Query, _: Any) -> Answer:
        try:
            asked = {
                key: int(query[key]) for key in ("start_time", "end_time", "limit", "offset") if key in query
            }
        except ValueError:
            return errors(400, (None, "invalid value for a time, limit or offset"))
        limit, offset = asked.get("limit", LARGEST_PAGE), asked.get("offset", 0)
        if not 1 <= limit <= LARGEST_PAGE or offset < 0:
            return errors(400, ("limit", f"limit must be 1 to {LARGEST_PAGE}"))
        start, end = asked.get("start_time"), asked.get("end_time")
        page = self.suppressions.page(ListName(name), start=start, end=end, limit=limit, offset=offset)
        return json_answer(200, page)

    def _entry(self, path: str, _: Query, __: Any) -> Answer:
        name, email = path.split("/", 1)
        return json_answer(200, self.suppressions.find(ListName(name), email))

    def _remove(self, path: str, _: Query, __: Any) -> Answer:
        name, email = path.split("/", 1)
        return _NO_CONTENT if self.suppressions.remove(ListName(name), email) else _NOT_FOUND

    def _unsubscribe(self, _: str, __: Query, body: Any) -> Answer:
        emails = body.get("recipient_emails") if isinstance(body, dict) else None
        if not isinstance(emails, list) or not all(isinstance(email, str) for email in emails):
            return errors(400, ("recipient_emails", "recipient_emails must be a list of addresses"))
        for email in emails:
            entry = Entry(email=email, created=int(self._clock().timestamp()))
            self.suppressions.put(ListName.UNSUBSCRIBES, entry)
        return json_answer(201, {"recipient_emails": emails})

    def _resubscribe(self, email: str, _: Query, __: Any) -> Answer:
        return _NO_CONTENT if self.suppressions.remove(ListName.UNSUBSCRIBES, email) else _NOT_FOUND

    # --- what the doctor looks at ---

    def _domains(self, _: str, query: Query, __: Any) -> Answer:
        asked = query.get("domain")
        return json_answer(
            200,
            [
                self._domain(number, domain)
                for number, domain in enumerate(self.domains, 1)
                if asked in (None, domain)
            ],
        )

    def _domain(self, number: int, domain: str) -> dict[str, Any]:
        hosts = {"mail_cname": f"em{number}.{domain}", "dkim1": f"s1._domainkey.{domain}"}
        hosts["dkim2"] = f"s2._domainkey.{domain}"
        return {
            "id": number,
            "user_id": 7,
            "subdomain": f"em{number}",
            "domain": domain,
            "username": "daily",
            "ips": [],
            "custom_spf": False,
            "default": number == 1,
            "legacy": False,
            "automatic_security": True,
            "valid": not self.invalid_records,
            "dns": {
                record: {
                    "valid": record not in self.invalid_records,
                    "type": "cname",
                    "host": host,
                    "data": f"{record}.u7.wl.sendgrid.example",
                }
                for record, host in hosts.items()
            },
        }

    def _validate(self, number: str, _: Query, __: Any) -> Answer:
        if not 1 <= int(number) <= len(self.domains):
            return _NOT_FOUND
        results = {
            record: {
                "valid": record not in self.invalid_records,
                "reason": "Expected a CNAME record, found none." if record in self.invalid_records else None,
            }
            for record in ("mail_cname", "dkim1", "dkim2")
        }
        document = {"id": int(number), "valid": not self.invalid_records, "validation_results": results}
        return json_answer(200, document)

    def _hooks(self, _: str, __: Query, ___: Any) -> Answer:
        return json_answer(200, {"max_allowed": 5, "webhooks": self.webhooks})

    def _track(self, name: str, _: Query, __: Any) -> Answer:
        enabled = self.tracking[name]
        extra: dict[str, Any] = {"enable_text": enabled} if name == "click" else {}
        return json_answer(200, {"enabled": enabled, **extra})


def _no_method() -> Answer:
    return errors(405, (None, "method not allowed"))
