"""What the pages about people do, for programs: JSON under /api/staff, with the same rights.

Whoever makes a token says the password once more, also by a token, and none may more or lasts longer than
that one. Passwords and second factors are changed by people on their pages, never by a program.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated

from fastapi import HTTPException, Query, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel

from newsletter.people import audit, invitations, people, tokens
from newsletter.people.audit import What
from newsletter.people.people import AlreadyThere, BadName, Held, LastAdmin
from newsletter.people.rights import ALL, Right
from newsletter.people.tables import ApiToken, Person
from newsletter.people.tokens import BadToken
from newsletter.web.people.audit import visible
from newsletter.web.people.people import manages
from newsletter.web.people.shapes import (
    Allowed,
    Entry,
    Link,
    Log,
    MadeToken,
    Me,
    NewPerson,
    NewToken,
    People,
    PersonOut,
    RoleChange,
    RoleOn,
    TokenOut,
    Tokens,
)
from newsletter.web.people.tokens import grantable, may_revoke
from newsletter.web.staff import Id, Someone, Staff, StaffRoute, refused
from subscribers import InvalidAddress, normalise

MANAGE = Right.MANAGE_PEOPLE
Number = Annotated[int, Query(ge=1, le=2**53)]


class Api:
    """The calls about people."""

    def __init__(self, staff: Staff) -> None:
        self.staff = staff
        self.door = staff.door

    def routes(self) -> list[StaffRoute]:
        """Return where they are."""
        root, one = "/api/staff", "/api/staff/people/{person_id}"
        return [
            StaffRoute(method="GET", path=f"{root}/me", right=None, handler=self.me, answer=Me),
            StaffRoute(
                method="GET",
                path=f"{root}/people",
                right=MANAGE,
                anywhere=True,
                handler=self.list_people,
                answer=People,
            ),
            StaffRoute(
                method="POST",
                path=f"{root}/people",
                right=MANAGE,
                anywhere=True,
                handler=self.add_person,
                answer=Link,
                status=201,
                shows_secret=True,
            ),
            StaffRoute(
                method="POST",
                path=f"{one}/roles",
                right=MANAGE,
                anywhere=True,
                handler=self.change_role,
                answer=PersonOut,
            ),
            StaffRoute(
                method="POST",
                path=f"{one}/link",
                right=MANAGE,
                handler=self.make_link,
                answer=Link,
                shows_secret=True,
            ),
            StaffRoute(
                method="POST", path=f"{one}/disable", right=MANAGE, handler=self.disable, answer=PersonOut
            ),
            StaffRoute(
                method="POST", path=f"{one}/enable", right=MANAGE, handler=self.enable, answer=PersonOut
            ),
            StaffRoute(
                method="GET", path=f"{root}/tokens", right=None, handler=self.list_tokens, answer=Tokens
            ),
            StaffRoute(
                method="POST",
                path=f"{root}/tokens",
                right=None,
                handler=self.add_token,
                answer=MadeToken,
                status=201,
                shows_secret=True,
            ),
            StaffRoute(
                method="POST",
                path=f"{root}/tokens/{{token_id}}/revoke",
                right=None,
                handler=self.revoke_token,
                answer=TokenOut,
            ),
            StaffRoute(
                method="GET",
                path=f"{root}/audit",
                right=MANAGE,
                anywhere=True,
                handler=self.log,
                answer=Log,
            ),
        ]

    def me(self, request: Request, someone: Someone) -> Response:
        """Say who a token acts for, and what it may do where."""
        papers = self.door.settings.newsletters
        allowed = [
            Allowed(newsletter=slug, name=paper.name, rights=sorted(someone.rights(slug)))
            for slug, paper in papers.items()
            if someone.rights(slug)
        ]
        return _told(
            Me(person=someone.person_id, name=someone.name, token=someone.token or None, newsletters=allowed)
        )

    def list_people(self, request: Request, someone: Someone) -> Response:
        """List everybody who works here, with their roles."""
        with self.door.reading() as session:
            held = people.held_by_all(session)
            found = [_person(each, held.get(each.id, ())) for each in people.every(session)]
        return _told(People(people=found))

    def add_person(self, request: Request, someone: Someone, wanted: NewPerson) -> Response:
        """Add somebody with a first role, and answer the one-time link to hand over to them."""
        where = wanted.newsletter or ALL
        if where not in manages(someone):
            raise HTTPException(403)
        try:
            address = normalise(wanted.address)
        except InvalidAddress as error:
            return refused(422, f"address: {error}")
        now = self.door.now()
        try:
            with self.door.writing() as session:
                person = people.add(
                    session, address, name=wanted.name, language=wanted.language, by=someone.actor, now=now
                )
                people.grant(session, person, wanted.role, where, by=someone.actor, now=now)
                shown = invitations.invite(session, person, now=now)
        except BadName as error:
            return refused(422, f"name: {error}")
        except AlreadyThere:
            return refused(409, "somebody has this address already")
        return self._link(person, shown, now, status=201)

    def change_role(self, request: Request, someone: Someone, person_id: Id, wanted: RoleChange) -> Response:
        """Give somebody a role on a newsletter, or take it. It holds at once."""
        where = wanted.newsletter or ALL
        if where not in manages(someone):
            raise HTTPException(403)
        change = people.grant if wanted.held else people.revoke
        now = self.door.now()
        try:
            with self.door.writing() as session:
                person = _need(session.get(Person, person_id))
                change(session, person, wanted.role, where, by=someone.actor, now=now)
                held = people.held(session, person_id)
        except LastAdmin as error:
            return refused(409, str(error))
        return _told(_person(person, held))

    def make_link(self, request: Request, someone: Someone, person_id: Id) -> Response:
        """Make a one-time link with which somebody chooses another password; earlier ones end."""
        now = self.door.now()
        with self.door.writing() as session:
            person = _need(session.get(Person, person_id))
            if person.disabled_at is not None:
                return refused(409, "this person is disabled")
            shown = invitations.invite(session, person, now=now)
            self.staff.audit(session, someone, What.LINK_MADE, about=people.name_of(person), now=now)
        return self._link(person, shown, now)

    def disable(self, request: Request, someone: Someone, person_id: Id) -> Response:
        """Log somebody out everywhere and let nothing of theirs work."""
        try:
            with self.door.writing() as session:
                person = _need(session.get(Person, person_id))
                people.disable(session, person, by=someone.actor, now=self.door.now())
                held = people.held(session, person_id)
        except LastAdmin as error:
            return refused(409, str(error))
        return _told(_person(person, held))

    def enable(self, request: Request, someone: Someone, person_id: Id) -> Response:
        """Let a disabled person back in."""
        with self.door.writing() as session:
            person = _need(session.get(Person, person_id))
            people.enable(session, person, by=someone.actor, now=self.door.now())
            held = people.held(session, person_id)
        return _told(_person(person, held))

    def list_tokens(self, request: Request, someone: Someone) -> Response:
        """List tokens; never what they open."""
        sees_all = someone.may(MANAGE, ALL)
        now = self.door.now()
        with self.door.reading() as session:
            found = tokens.every(session, person_id=None if sees_all else someone.person_id)
        return _told(Tokens(tokens=[_token(each, now) for each in found]))

    def add_token(self, request: Request, someone: Someone, wanted: NewToken) -> Response:
        """Make a token for oneself, which may no more than this call may, and answer its secret once."""
        if wrong := self.staff.password_problem(someone, wanted.password):
            return refused(wrong.status, "password: it is not yours, or was tried too often")
        if not set(wanted.scopes) <= set(grantable(someone)):
            raise HTTPException(403)
        papers = set(wanted.newsletters) or someone.only
        if not papers <= set(someone.where(Right.VIEW)) or (someone.only and not papers <= someone.only):
            raise HTTPException(403)
        now = self.door.now()
        lasting = timedelta(days=wanted.days)
        try:
            with self.door.writing() as session:
                if someone.token_id is not None:
                    lasting = min(lasting, session.get_one(ApiToken, someone.token_id).expires_at - now)
                person = session.get_one(Person, someone.person_id)
                token, shown = tokens.add(
                    session,
                    person,
                    name=wanted.name,
                    scopes=set(wanted.scopes),
                    newsletters=papers,
                    lasting=lasting,
                    by=someone.actor,
                    now=now,
                )
        except BadToken as error:
            return refused(422, str(error))
        return _told(MadeToken(id=token.id, secret=shown, expires_at=token.expires_at), 201)

    def revoke_token(self, request: Request, someone: Someone, token_id: Id) -> Response:
        """Let a token be worth nothing: one's own, or anybody's for whoever manages people everywhere."""
        now = self.door.now()
        with self.door.writing() as session:
            token = session.get(ApiToken, token_id)
            if token is None or not may_revoke(someone, token):
                raise HTTPException(404)
            tokens.revoke(session, token_id, by=someone.actor, now=now)
        return _told(_token(token, now))

    def log(
        self,
        request: Request,
        someone: Someone,
        newsletter: Annotated[str | None, Query(max_length=40)] = None,
        person: Number | None = None,
        before: Number | None = None,
        limit: Annotated[int, Query(ge=1, le=500)] = 50,
    ) -> Response:
        """Show what was done, newest first, as far as one manages people."""
        with self.door.reading() as session:
            found = audit.latest(
                session,
                newsletters=visible(someone, newsletter),
                person_id=person,
                before_id=before,
                limit=limit,
            )
        entries = [Entry.model_validate(audit.as_json(each)) for each in found]
        return _told(Log(entries=entries, more=found[-1].id if len(found) == limit else None))

    def _link(self, person: Person, shown: str, now: datetime, *, status: int = 200) -> Response:
        url = f"{self.door.settings.base_url}/staff/welcome/{shown}"
        ends_at = now + invitations.LASTING[invitations.kind_for(person)]
        return _told(Link(person=person.id, url=url, ends_at=ends_at), status)


def _told(answer: BaseModel, status: int = 200) -> Response:
    return JSONResponse(answer.model_dump(mode="json"), status)


def _need(person: Person | None) -> Person:
    if person is None:
        raise HTTPException(404)
    return person


def _person(person: Person, held: Held) -> PersonOut:
    return PersonOut(
        id=person.id,
        address=person.email,
        name=person.name,
        roles=[RoleOn(newsletter=on or None, role=role) for on, role in held],
        has_password=person.password_hash is not None,
        second_factor=person.second_on_at is not None,
        disabled=person.disabled_at is not None,
        created_at=person.created_at,
    )


def _token(token: ApiToken, now: datetime) -> TokenOut:
    return TokenOut.model_validate(
        {
            "id": token.id,
            "name": token.name,
            "person": token.person_id,
            "scopes": token.scopes,
            "newsletters": token.newsletters,
            "created_at": token.created_at,
            "expires_at": token.expires_at,
            "used_at": token.used_at,
            "state": tokens.state_of(token, now=now),
        }
    )
