"""The page behind a one-time link: the first admin comes in, or somebody chooses a password.

Opening it changes nothing. A wrong, a used and an old link look the same.
"""

from __future__ import annotations

from datetime import timedelta

from fastapi import Request, Response

from newsletter import limits
from newsletter.limits import Limit
from newsletter.people import invitations, people
from newsletter.people.passwords import WeakPassword
from newsletter.people.people import BadName
from newsletter.people.rights import ALL, Role
from newsletter.people.tables import InvitationKind, Person
from newsletter.web.forms import Sent
from newsletter.web.people.login import begin_login
from newsletter.web.staff import Someone, Staff, StaffRoute
from newsletter.web.visitor import visitor_of
from subscribers import InvalidAddress, normalise

PER_NETWORK = Limit(name="welcome.network.hour", times=30, window=timedelta(hours=1))


class Welcome:
    """The page of one-time links."""

    def __init__(self, staff: Staff) -> None:
        self.staff = staff
        self.door = staff.door

    def routes(self) -> list[StaffRoute]:
        """Return where this is."""
        return [
            StaffRoute(
                method="GET", path="/staff/welcome/{shown}", right=None, handler=self.page, is_open=True
            ),
            StaffRoute(
                method="POST", path="/staff/welcome/{shown}", right=None, handler=self.choose, is_open=True
            ),
        ]

    def page(self, request: Request, someone: Someone | None, shown: str) -> Response:
        """Ask for a password, and of the first admin also who they are."""
        with self.door.reading() as session:
            found = invitations.find(session, shown, now=self.door.now())
        if found is None:
            return self.staff.show(request, "welcome_over", None, status=404)
        return self._show(request, found[0].kind, found[1])

    def choose(self, request: Request, someone: Someone | None, shown: str, sent: Sent) -> Response:
        """Keep the password, use the link up, and log in."""
        now = self.door.now()
        with self.door.writing() as session:
            allowed = limits.allow(session, PER_NETWORK, visitor_of(request).network, now=now)
            found = invitations.find(session, shown, now=now)
        if found is None:
            return self.staff.show(request, "welcome_over", None, status=404)
        kind, person = found[0].kind, found[1]
        if not allowed:
            return self._show(request, kind, person, sent, {"password": "staff.login.too_many"}, status=429)
        problems: dict[str, str] = {}
        password_hash = ""
        if kind is InvitationKind.FIRST:
            problems |= _about_oneself(sent)
        if sent.get("password", "") != sent.get("again", ""):
            problems["again"] = "staff.welcome.not_the_same"
        if not problems:
            try:
                password_hash = self.staff.passwords.hash(sent.get("password", ""))
            except WeakPassword:
                problems["password"] = "staff.welcome.weak"  # noqa: S105  # the key of a text
        if problems:
            return self._show(request, kind, person, sent, problems, status=422)
        person_id = self._keep(shown, sent, password_hash)
        if person_id is None:
            return self.staff.show(request, "welcome_over", None, status=404)
        response = self.staff.go("/staff")
        if person is None or person.second_on_at is None:
            begin_login(self.staff, request, response, person_id, remembered=False, now=now)
            self.staff.notice(response, "staff.welcome.done")
        else:  # a link alone does not stand in for the second factor
            self.staff.notice(response, "staff.welcome.done_log_in")
        return response

    def _keep(self, shown: str, sent: Sent, password_hash: str) -> int | None:
        now = self.door.now()
        with self.door.writing() as session:
            used = invitations.use(session, shown, now=now)
            if used is None:
                return None
            person = used[1] or people.add(
                session,
                normalise(sent["address"]),
                name=sent["name"],
                by=people.FIRST_ADMIN,
                now=now,
            )
            actor = people.actor_of(person)
            if used[0] is InvitationKind.FIRST:
                people.grant(session, person, Role.ADMIN, ALL, by=actor, now=now)
            people.set_password(session, person, password_hash, by=actor, now=now)
            return person.id

    def _show(
        self,
        request: Request,
        kind: InvitationKind,
        person: Person | None,
        sent: Sent | None = None,
        problems: dict[str, str] | None = None,
        *,
        status: int = 200,
    ) -> Response:
        return self.staff.show(
            request, "welcome", None, status=status, kind=kind.value, person=person, sent=sent or {},
            problems=problems or {},
        )  # fmt: skip


def _about_oneself(sent: Sent) -> dict[str, str]:
    problems = {}
    try:
        normalise(sent.get("address", ""))
    except InvalidAddress:
        problems["address"] = "staff.people.bad_address"
    try:
        people.checked_name(sent.get("name", ""))
    except BadName:
        problems["name"] = "staff.people.bad_name"
    return problems
