"""Who works here, and what each may do on which newsletter.

Whoever manages people on some newsletters sees everybody's name and changes roles on those newsletters
only. To disable somebody or to make a link for a new password takes the right on all newsletters: those
reach further than one.
"""

from __future__ import annotations

from fastapi import HTTPException, Request, Response

from newsletter.config import LANGUAGES
from newsletter.people import invitations, people, second
from newsletter.people.audit import What
from newsletter.people.people import AlreadyThere, BadName, LastAdmin
from newsletter.people.rights import ALL, Right, Role
from newsletter.people.tables import Person
from newsletter.web.forms import Sent
from newsletter.web.staff import Id, Someone, Staff, StaffRoute
from subscribers import InvalidAddress, normalise

PAGE = "/staff/people"
MANAGE = Right.MANAGE_PEOPLE


class People:
    """The pages on which people are managed."""

    def __init__(self, staff: Staff) -> None:
        self.staff = staff
        self.door = staff.door

    def routes(self) -> list[StaffRoute]:
        """Return where they are."""
        one = f"{PAGE}/{{person_id}}"
        return [
            StaffRoute(
                method="GET",
                path=PAGE,
                right=MANAGE,
                anywhere=True,
                handler=self.page,
                nav="staff.nav.people",
                nav_at=30,
            ),
            StaffRoute(method="POST", path=PAGE, right=MANAGE, anywhere=True, handler=self.add),
            StaffRoute(method="GET", path=one, right=MANAGE, anywhere=True, handler=self.person),
            StaffRoute(method="POST", path=f"{one}/roles", right=MANAGE, anywhere=True, handler=self.roles),
            StaffRoute(method="POST", path=f"{one}/link", right=MANAGE, handler=self.link),
            StaffRoute(method="POST", path=f"{one}/second-factor-off", right=MANAGE, handler=self.second_off),
            StaffRoute(method="POST", path=f"{one}/disable", right=MANAGE, handler=self.disable),
            StaffRoute(method="POST", path=f"{one}/enable", right=MANAGE, handler=self.enable),
        ]

    def page(self, request: Request, someone: Someone) -> Response:
        """Show everybody."""
        return self._everybody(request, someone)

    def add(self, request: Request, someone: Someone, sent: Sent) -> Response:
        """Write somebody down with a role, and show their one-time link once."""
        problems, where, role = self._wrong(someone, sent), sent.get("newsletter", ""), sent.get("role", "")
        if problems:
            return self._everybody(request, someone, sent, problems, status=422)
        made: tuple[Person, str] | None = None
        now = self.door.now()
        with self.door.writing() as session:
            try:
                person = people.add(
                    session,
                    normalise(sent["address"]),
                    name=sent["name"],
                    language=sent["language"] if sent.get("language") in LANGUAGES else None,
                    by=someone.actor,
                    now=now,
                )
            except AlreadyThere:
                problems["address"] = "staff.people.already_there"
            else:
                people.grant(session, person, Role(role), where, by=someone.actor, now=now)
                made = person, invitations.invite(session, person, now=now)
        if made is None:
            return self._everybody(request, someone, sent, problems, status=422)
        return self._link(request, someone, *made)

    def person(self, request: Request, someone: Someone, person_id: Id) -> Response:
        """Show one person and what they may do."""
        return self._one(request, someone, person_id)

    def roles(self, request: Request, someone: Someone, person_id: Id, sent: Sent) -> Response:
        """Give and take roles, on the newsletters that whoever asks may manage."""
        now = self.door.now()
        with self.door.writing() as session:
            person = session.get(Person, person_id)
            if person is None:
                raise HTTPException(404)
            had = set(people.held(session, person_id))
            wanted = {
                (where, role) for where in manages(someone) for role in Role if sent.get(f"{where}:{role}")
            }
            mine = {pair for pair in had if pair[0] in manages(someone)}
            try:
                for where, role in sorted(wanted - mine):
                    people.grant(session, person, role, where, by=someone.actor, now=now)
                for where, role in sorted(mine - wanted):
                    people.revoke(session, person, role, where, by=someone.actor, now=now)
            except LastAdmin:
                session.rollback()
                return self._one(request, someone, person_id, problem="staff.people.last_admin", status=409)
        return self._done(person_id, "staff.people.roles_saved", person.name)

    def link(self, request: Request, someone: Someone, person_id: Id) -> Response:
        """Make a one-time link for a password, and show it once."""
        now = self.door.now()
        with self.door.writing() as session:
            person = session.get(Person, person_id)
            if person is None or person.disabled_at is not None:
                raise HTTPException(404)
            shown = invitations.invite(session, person, now=now)
            self.staff.audit(session, someone, What.LINK_MADE, about=people.name_of(person), now=now)
        return self._link(request, someone, person, shown)

    def second_off(self, request: Request, someone: Someone, person_id: Id) -> Response:
        """Ask somebody who lost their phone for no code any more."""
        with self.door.writing() as session:
            person = session.get(Person, person_id)
            if person is None:
                raise HTTPException(404)
            second.turn_off(session, person, by=someone.actor, now=self.door.now())
        return self._done(person_id, "staff.people.second_off_done", person.name)

    def disable(self, request: Request, someone: Someone, person_id: Id) -> Response:
        """Let somebody do nothing more."""
        with self.door.writing() as session:
            person = session.get(Person, person_id)
            if person is None:
                raise HTTPException(404)
            try:
                people.disable(session, person, by=someone.actor, now=self.door.now())
            except LastAdmin:
                return self._one(request, someone, person_id, problem="staff.people.last_admin", status=409)
        if person_id == someone.person_id:
            return self.staff.go("/staff/login")
        return self._done(person_id, "staff.people.disabled_done", person.name)

    def enable(self, request: Request, someone: Someone, person_id: Id) -> Response:
        """Let somebody back in."""
        with self.door.writing() as session:
            person = session.get(Person, person_id)
            if person is None:
                raise HTTPException(404)
            people.enable(session, person, by=someone.actor, now=self.door.now())
        return self._done(person_id, "staff.people.enabled_done", person.name)

    def _wrong(self, someone: Someone, sent: Sent) -> dict[str, str]:
        problems = {}
        try:
            normalise(sent.get("address", ""))
        except InvalidAddress:
            problems["address"] = "staff.people.bad_address"
        try:
            people.checked_name(sent.get("name", ""))
        except BadName:
            problems["name"] = "staff.people.bad_name"
        if sent.get("newsletter", "") not in manages(someone) or sent.get("role") not in set(Role):
            problems["role"] = "staff.people.bad_role"
        return problems

    def _done(self, person_id: int, text_key: str, name: str) -> Response:
        response = self.staff.go(f"{PAGE}/{person_id}")
        self.staff.notice(response, text_key, name=name)
        return response

    def _everybody(
        self,
        request: Request,
        someone: Someone,
        sent: Sent | None = None,
        problems: dict[str, str] | None = None,
        *,
        status: int = 200,
    ) -> Response:
        with self.door.reading() as session:
            everybody, held = people.every(session), people.held_by_all(session)
        return self.staff.show(
            request,
            "people",
            someone,
            status=status,
            everybody=everybody,
            held=held,
            where=manages(someone),
            named=self._named(),
            roles=list(Role),
            sent=sent or {},
            problems=problems or {},
        )

    def _one(
        self,
        request: Request,
        someone: Someone,
        person_id: int,
        *,
        problem: str | None = None,
        status: int = 200,
    ) -> Response:
        with self.door.reading() as session:
            person = session.get(Person, person_id)
            if person is None:
                raise HTTPException(404)
            held = people.held(session, person_id)
        return self.staff.show(
            request,
            "person",
            someone,
            status=status,
            person=person,
            held=held,
            where=manages(someone),
            named=self._named(),
            roles=list(Role),
            reaches_all=someone.may(MANAGE, ALL),
            problem=problem,
        )

    def _link(self, request: Request, someone: Someone, person: Person, shown: str) -> Response:
        url = f"{self.door.settings.base_url}/staff/welcome/{shown}"
        lasting = invitations.LASTING[invitations.kind_for(person)]
        return self.staff.show(
            request,
            "person_link",
            someone,
            person=person,
            url=url,
            hours=int(lasting.total_seconds() // 3600),
        )

    def _named(self) -> dict[str, str]:
        return {slug: paper.name for slug, paper in self.door.settings.newsletters.items()}


def manages(someone: Someone) -> list[str]:
    """Return where somebody may give roles: ``ALL`` first when it is there too."""
    everywhere = [ALL] if someone.may(MANAGE, ALL) else []
    return [*everywhere, *someone.where(MANAGE)]
