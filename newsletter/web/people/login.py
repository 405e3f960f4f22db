"""Logging in and out. Whether somebody is known is not told: the answer and its cost are the same.

Who has a second factor comes to a page of its own, with a cookie that says for ten minutes that the
password was right.
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import Any

from fastapi import Request, Response

from newsletter import limits
from newsletter.limits import Limit
from newsletter.people import audit, logins, people, second
from newsletter.people.audit import What
from newsletter.people.tables import Person
from newsletter.web.forms import Sent
from newsletter.web.people.devices import device_of
from newsletter.web.staff import Someone, Staff, StaffRoute
from newsletter.web.staff.cookies import HALF, KNOWN, LOGIN
from newsletter.web.staff.returning import safe
from newsletter.web.visitor import visitor_of
from subscribers import InvalidAddress, normalise

QUARTER, HOUR = timedelta(minutes=15), timedelta(hours=1)
# Of one address from one network, of one network, of one address from anywhere.
PER_BOTH = Limit(name="login.both.quarter", times=8, window=QUARTER)
PER_NETWORK = Limit(name="login.network.quarter", times=30, window=QUARTER)
PER_ADDRESS = Limit(name="login.address.hour", times=60, window=HOUR)
PER_CODE = Limit(name="login.code.quarter", times=8, window=QUARTER)
HALF_FOR = timedelta(minutes=10)
KNOWN_FOR = timedelta(days=180)


class Login:
    """The way in and the way out."""

    def __init__(self, staff: Staff) -> None:
        self.staff = staff
        self.door = staff.door

    def routes(self) -> list[StaffRoute]:
        """Return where this is."""
        return [
            StaffRoute(method=method, path=path, right=None, handler=handler, is_open=True)
            for method, path, handler in (
                ("GET", "/staff/login", self.page),
                ("POST", "/staff/login", self.password),
                ("GET", "/staff/login/code", self.code_page),
                ("POST", "/staff/login/code", self.code),
                ("POST", "/staff/logout", self.logout),
            )
        ]

    def page(self, request: Request, someone: Someone | None) -> Response:
        """Ask who it is; whoever is logged in goes on."""
        wanted = safe(request.query_params.get("next", ""))
        if someone:
            return self.staff.go(wanted or "/staff")
        return self._show(request, wanted=wanted)

    def password(self, request: Request, someone: Someone | None, sent: Sent) -> Response:
        """Take an address and a password."""
        wanted, typed = safe(sent.get("next", "")), sent.get("address", "")
        remembered, now = sent.get("remember") == "yes", self.door.now()
        try:
            address = normalise(typed)
        except InvalidAddress:
            address = None
        network = visitor_of(request).network
        with self.door.writing() as session:
            key = address.value if address else typed
            # Strangers who try an address all day keep nobody out where they were let in before.
            door = f"{key}\0known" if self._is_known(request, key) else key
            rules = ((PER_BOTH, f"{key}\0{network}"), (PER_NETWORK, network), (PER_ADDRESS, door))
            # All are counted, whichever of them is over first.
            allowed = [limits.allow(session, limit, each, now=now) for limit, each in rules]
        if not all(allowed):
            return self._show(request, wanted=wanted, typed=typed, problem="staff.login.too_many", status=429)
        with self.door.reading() as session:
            person = people.find(session, address) if address else None
        kept = person.password_hash if person and person.disabled_at is None else None
        checked = self.staff.passwords.check(kept, sent.get("password", ""))
        if person is None or not checked.is_right:
            return self._show(request, wanted=wanted, typed=typed, problem="staff.login.wrong", status=422)
        if checked.new_hash:
            with self.door.writing() as session:
                session.get_one(Person, person.id).password_hash = checked.new_hash
            person.password_hash = checked.new_hash
        if person.second_on_at is None:
            return self._begin(request, person.id, remembered=remembered, wanted=wanted, now=now)
        half = {"id": person.id, "mark": _mark(person), "remember": remembered, "next": wanted}
        response = self.staff.go("/staff/login/code")
        self.staff.cookies.set(response, HALF, self.staff.cookies.pack(HALF, half, now=now), lasting=HALF_FOR)
        return response

    def code_page(self, request: Request, someone: Someone | None) -> Response:
        """Ask for the code of the second factor."""
        if someone or self._half(request) is None:
            return self.staff.go("/staff/login")
        return self.staff.show(request, "login_code", None, problem=None)

    def code(self, request: Request, someone: Someone | None, sent: Sent) -> Response:
        """Take the code of the second factor, or one from paper."""
        half, now = self._half(request), self.door.now()
        if half is None:
            return self.staff.go("/staff/login")
        with self.door.writing() as session:
            allowed = limits.allow(session, PER_CODE, str(half["id"]), now=now)
        if not allowed:
            return self.staff.show(request, "login_code", None, status=429, problem="staff.login.too_many")
        with self.door.writing() as session:
            person = session.get(Person, half["id"])
            is_right = (
                person is not None
                and person.second_on_at is not None
                and person.disabled_at is None
                and _mark(person) == half["mark"]  # the password is still the one that was right
                and second.accept(session, person, sent.get("code", ""), key=self.staff.second_key, now=now)
            )
        if person is None or not is_right:
            return self.staff.show(request, "login_code", None, status=422, problem="staff.login.wrong_code")
        response = self._begin(
            request, person.id, remembered=half["remember"], wanted=safe(half["next"]), now=now
        )
        self.staff.cookies.drop(response, HALF)
        return response

    def logout(self, request: Request, someone: Someone | None) -> Response:
        """End the login on this device."""
        shown = self.staff.cookies.read(request, LOGIN)
        if shown:
            with self.door.writing() as session:
                ended = logins.end(session, shown, now=self.door.now())
                if someone and ended:
                    self.staff.audit(session, someone, What.LOGGED_OUT, now=self.door.now())
        response = self.staff.go("/staff/login")
        self.staff.cookies.drop(response, LOGIN)
        self.staff.notice(response, "staff.login.goodbye")
        # Whoever presses "back" afterwards on a shared machine sees nothing.
        response.headers["clear-site-data"] = '"cache"'
        return response

    def _begin(
        self, request: Request, person_id: int, *, remembered: bool, wanted: str, now: datetime
    ) -> Response:
        response = self.staff.go(wanted or "/staff")
        begin_login(self.staff, request, response, person_id, remembered=remembered, now=now)
        return response

    def _is_known(self, request: Request, address: str) -> bool:
        """Say whether somebody logged in with an address on this device before."""
        packed, now = self.staff.cookies.read(request, KNOWN), self.door.now()
        known = self.staff.cookies.unpack(KNOWN, packed, within=KNOWN_FOR, now=now) if packed else None
        return known is not None and known["who"] == _named(address)

    def _half(self, request: Request) -> dict[str, Any] | None:
        packed = self.staff.cookies.read(request, HALF)
        return (
            self.staff.cookies.unpack(HALF, packed, within=HALF_FOR, now=self.door.now()) if packed else None
        )

    def _show(
        self,
        request: Request,
        *,
        wanted: str,
        typed: str = "",
        problem: str | None = None,
        status: int = 200,
    ) -> Response:
        return self.staff.show(
            request, "login", None, status=status, wanted=wanted, typed=typed, problem=problem,
            remembered_days=self.door.settings.staff.remembered_days,
        )  # fmt: skip


def begin_login(
    staff: Staff, request: Request, response: Response, person_id: int, *, remembered: bool, now: datetime
) -> None:
    """Log a person in on the browser that gets ``response``. What it had before is worth nothing."""
    settings = staff.door.settings.staff
    lasting = logins.Lasting(
        idle=settings.idle(remembered=remembered),
        in_all=settings.in_all(remembered=remembered),
        is_remembered=remembered,
    )
    with staff.door.writing() as session:
        person = session.get_one(Person, person_id)
        device = device_of(request.headers.get("user-agent", ""))
        before = staff.cookies.read(request, LOGIN)
        shown = logins.begin(session, person, device=device, lasting=lasting, instead_of=before, now=now)
        facts = {"device": device, "remembered": remembered}
        audit.write(session, people.actor_of(person), What.LOGGED_IN, facts=facts, now=now)
    staff.cookies.set(response, LOGIN, shown, lasting=lasting.in_all if remembered else None)
    known = staff.cookies.pack(KNOWN, {"who": _named(person.email)}, now=now)
    staff.cookies.set(response, KNOWN, known, lasting=KNOWN_FOR)


def _named(address: str) -> str:
    return hashlib.sha256(f"known\0{address}".encode()).hexdigest()[:16]


def _mark(person: Person) -> str:
    """Return what changes with the password and says nothing of it."""
    return hashlib.sha256(f"mark\0{person.password_hash}".encode()).hexdigest()[:16]
