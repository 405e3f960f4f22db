"""One's own account: name, language, password, and where one is logged in."""

from __future__ import annotations

from fastapi import HTTPException, Request, Response

from newsletter.config import LANGUAGES
from newsletter.people import audit, logins, people, second
from newsletter.people.audit import What
from newsletter.people.passwords import WeakPassword
from newsletter.people.people import BadName
from newsletter.people.tables import Person
from newsletter.web.forms import Sent
from newsletter.web.staff import Someone, Staff, StaffRoute
from newsletter.web.staff.cookies import LOGIN

PAGE = "/staff/account"


class Account:
    """What everybody may change about themselves."""

    def __init__(self, staff: Staff) -> None:
        self.staff = staff
        self.door = staff.door

    def routes(self) -> list[StaffRoute]:
        """Return where this is."""
        return [
            StaffRoute(
                method="GET", path=PAGE, right=None, handler=self.page, nav="staff.nav.account", nav_at=20
            ),
            *(
                StaffRoute(method="POST", path=f"{PAGE}/{name}", right=None, handler=handler)
                for name, handler in (
                    ("name", self.name),
                    ("password", self.password),
                    ("logout", self.end_one),
                    ("logout-everywhere", self.end_all),
                )
            ),
        ]

    def page(self, request: Request, someone: Someone) -> Response:
        """Show it."""
        return self.show(request, someone)

    def name(self, request: Request, someone: Someone, sent: Sent) -> Response:
        """Keep another name or language."""
        try:
            name = people.checked_name(sent.get("name", ""))
        except BadName:
            return self.show(request, someone, {"name": "staff.people.bad_name"}, status=422)
        with self.door.writing() as session:
            person = session.get_one(Person, someone.person_id)
            person.name = name
            person.language = sent["language"] if sent.get("language") in LANGUAGES else person.language
        return self._done("staff.account.saved")

    def password(self, request: Request, someone: Someone, sent: Sent) -> Response:
        """Keep another password; every other device is logged out."""
        now = self.door.now()
        problems: dict[str, str] = {}
        wrong = self.staff.password_problem(someone, sent.get("current", ""))
        if wrong is not None:
            problems["current"] = wrong.key
        if sent.get("password", "") != sent.get("again", ""):
            problems["again"] = "staff.welcome.not_the_same"
        fresh = ""
        if not problems:
            try:
                fresh = self.staff.passwords.hash(sent.get("password", ""))
            except WeakPassword:
                problems["password"] = "staff.welcome.weak"  # noqa: S105  # the key of a text
        if problems:
            return self.show(request, someone, problems, status=wrong.status if wrong else 422)
        shown = self.staff.cookies.read(request, LOGIN)
        with self.door.writing() as session:
            person = session.get_one(Person, someone.person_id)
            people.set_password(session, person, fresh, but=shown, by=someone.actor, now=now)
        return self._done("staff.account.password_changed")

    def end_one(self, request: Request, someone: Someone, sent: Sent) -> Response:
        """Log out on one device."""
        number = sent.get("login", "")
        if not number.isascii() or not number.isdigit() or len(number) > 18:
            raise HTTPException(422)
        with self.door.writing() as session:
            now = self.door.now()
            if logins.end_one(session, someone.person_id, int(number), now=now):
                self.staff.audit(session, someone, What.LOGGED_OUT, about=f"login {number}", now=now)
        return self._done("staff.account.logged_out")

    def end_all(self, request: Request, someone: Someone) -> Response:
        """Log out everywhere, also here."""
        now = self.door.now()
        with self.door.writing() as session:
            ended = logins.end_all(session, someone.person_id, now=now)
            what = What.LOGGED_OUT_EVERYWHERE
            audit.write(session, someone.actor, what, facts={"logins": ended}, now=now)
        response = self.staff.go("/staff/login")
        self.staff.cookies.drop(response, LOGIN)
        self.staff.notice(response, "staff.login.goodbye")
        return response

    def _done(self, text_key: str) -> Response:
        response = self.staff.go(PAGE)
        self.staff.notice(response, text_key)
        return response

    def show(
        self,
        request: Request,
        someone: Someone,
        problems: dict[str, str] | None = None,
        *,
        status: int = 200,
    ) -> Response:
        """Show the page, with what was wrong of what was sent."""
        shown = self.staff.cookies.read(request, LOGIN)
        with self.door.reading() as session:
            person = session.get_one(Person, someone.person_id)
            devices = [
                (login, logins.is_shown_by(login, shown))
                for login in logins.current(session, person.id, now=self.door.now())
            ]
            codes_left = second.codes_left(session, person)
        return self.staff.show(
            request,
            "account",
            someone,
            status=status,
            person=person,
            devices=devices,
            codes_left=codes_left,
            problems=problems or {},
        )
