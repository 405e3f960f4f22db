"""Turning the second factor on and off. Its secret is shown until an app has proved that it has it."""

from __future__ import annotations

from fastapi import Request, Response

from newsletter.people import people, second, totp
from newsletter.people.tables import Person
from newsletter.web.forms import Sent
from newsletter.web.people.account import Account
from newsletter.web.people.picture import qr_code
from newsletter.web.staff import Someone, Staff, StaffRoute

PAGE = "/staff/account/second-factor"


class Second:
    """The pages of the second factor."""

    def __init__(self, staff: Staff) -> None:
        self.staff = staff
        self.door = staff.door
        self.account = Account(staff)

    def routes(self) -> list[StaffRoute]:
        """Return where they are."""
        return [
            StaffRoute(method=method, path=path, right=None, handler=handler)
            for method, path, handler in (
                ("POST", f"{PAGE}/prepare", self.prepare),
                ("GET", PAGE, self.page),
                ("POST", PAGE, self.turn_on),
                ("POST", f"{PAGE}/off", self.turn_off),
                ("POST", f"{PAGE}/codes", self.codes),
            )
        ]

    def prepare(self, request: Request, someone: Someone) -> Response:
        """Choose a secret for an app."""
        with self.door.writing() as session:
            second.prepare(session, session.get_one(Person, someone.person_id))
        return self.staff.go(PAGE)

    def page(self, request: Request, someone: Someone) -> Response:
        """Show the secret as a picture and as letters, and ask for the first code."""
        return self._show(request, someone)

    def turn_on(self, request: Request, someone: Someone, sent: Sent) -> Response:
        """Take the first code; then show the codes for paper, once."""
        now = self.door.now()
        with self.door.writing() as session:
            person = session.get_one(Person, someone.person_id)
            typed = sent.get("code", "")
            codes = second.turn_on(
                session, person, typed, key=self.staff.second_key, by=someone.actor, now=now
            )
        if codes is None:
            return self._show(request, someone, problem="staff.login.wrong_code", status=422)
        return self.staff.show(request, "second_codes", someone, codes=codes)

    def turn_off(self, request: Request, someone: Someone, sent: Sent) -> Response:
        """Ask for no code any more, when the password is right."""
        if wrong := self.staff.password_problem(someone, sent.get("current", "")):
            return self.account.show(request, someone, {"off": wrong.key}, status=wrong.status)
        with self.door.writing() as session:
            person = session.get_one(Person, someone.person_id)
            second.turn_off(session, person, by=someone.actor, now=self.door.now())
        response = self.staff.go("/staff/account")
        self.staff.notice(response, "staff.second.off_done")
        return response

    def codes(self, request: Request, someone: Someone, sent: Sent) -> Response:
        """Show other codes for paper, once, when the password is right."""
        if wrong := self.staff.password_problem(someone, sent.get("current", "")):
            return self.account.show(request, someone, {"codes": wrong.key}, status=wrong.status)
        with self.door.writing() as session:
            person = session.get_one(Person, someone.person_id)
            if person.second_on_at is None:
                return self.staff.go("/staff/account")
            codes = second.new_codes(session, person, by=people.actor_of(person), now=self.door.now())
        return self.staff.show(request, "second_codes", someone, codes=codes)

    def _show(
        self, request: Request, someone: Someone, *, problem: str | None = None, status: int = 200
    ) -> Response:
        with self.door.reading() as session:
            person = session.get_one(Person, someone.person_id)
        if person.second_on_at is not None or person.second_salt is None:
            return self.staff.go("/staff/account")
        secret = second.secret_of(self.staff.second_key, person)
        uri = totp.uri(secret, issuer=self._issuer(), account=person.email)
        letters = totp.base32(secret)
        return self.staff.show(
            request,
            "second",
            someone,
            status=status,
            picture=qr_code(uri),
            uri=uri,
            letters=" ".join(letters[at : at + 4] for at in range(0, len(letters), 4)),
            problem=problem,
        )

    def _issuer(self) -> str:
        papers = self.door.settings.newsletters.values()
        return next((paper.name for paper in papers), "newsletter")
