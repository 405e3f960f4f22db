"""API tokens: making one for a program, shown once, and taking it back."""

from __future__ import annotations

from datetime import timedelta

from fastapi import HTTPException, Request, Response

from newsletter.people import people, tokens
from newsletter.people.rights import ALL, Right
from newsletter.people.tables import ApiToken, Person
from newsletter.people.tokens import BadToken
from newsletter.web.forms import Sent
from newsletter.web.staff import Id, Someone, Staff, StaffRoute

PAGE = "/staff/tokens"
DAYS = (7, 30, 90, 365)


class Tokens:
    """The page of tokens: one's own; all, for whoever manages everybody."""

    def __init__(self, staff: Staff) -> None:
        self.staff = staff
        self.door = staff.door

    def routes(self) -> list[StaffRoute]:
        """Return where it is."""
        return [
            StaffRoute(
                method="GET", path=PAGE, right=None, handler=self.page, nav="staff.nav.tokens", nav_at=40
            ),
            StaffRoute(method="POST", path=PAGE, right=None, handler=self.add),
            StaffRoute(method="POST", path=f"{PAGE}/{{token_id}}/revoke", right=None, handler=self.revoke),
        ]

    def page(self, request: Request, someone: Someone) -> Response:
        """Show them."""
        return self._show(request, someone)

    def add(self, request: Request, someone: Someone, sent: Sent) -> Response:
        """Make a token, and show it once."""
        now = self.door.now()
        if wrong := self.staff.password_problem(someone, sent.get("current", "")):
            return self._show(request, someone, sent, {"current": wrong.key}, status=wrong.status)
        scopes = {right for right in grantable(someone) if sent.get(f"scope:{right}")}
        papers = {slug for slug in someone.where(Right.VIEW) if sent.get(f"on:{slug}")}
        days = sent.get("days", "")
        problems = {}
        if not scopes:
            problems["scopes"] = "staff.tokens.no_scope"
        if days not in map(str, DAYS):
            problems["days"] = "staff.tokens.bad_days"
        made: tuple[ApiToken, str] | None = None
        if not problems:
            with self.door.writing() as session:
                person = session.get_one(Person, someone.person_id)
                try:
                    made = tokens.add(
                        session,
                        person,
                        name=sent.get("name", ""),
                        scopes=scopes,
                        newsletters=papers,
                        lasting=timedelta(days=int(days)),
                        by=someone.actor,
                        now=now,
                    )
                except BadToken:
                    problems["name"] = "staff.tokens.bad_name"
        if made is None:
            return self._show(request, someone, sent, problems, status=422)
        token, secret = made
        base = self.door.settings.base_url
        return self.staff.show(request, "token_made", someone, token=token, secret=secret, base_url=base)

    def revoke(self, request: Request, someone: Someone, token_id: Id) -> Response:
        """Let a token be worth nothing: one's own, or anybody's for whoever manages everybody."""
        with self.door.writing() as session:
            token = session.get(ApiToken, token_id)
            if token is None or not may_revoke(someone, token):
                raise HTTPException(404)
            tokens.revoke(session, token_id, by=someone.actor, now=self.door.now())
        response = self.staff.go(PAGE)
        self.staff.notice(response, "staff.tokens.revoked_done", name=token.name)
        return response

    def _show(
        self,
        request: Request,
        someone: Someone,
        sent: Sent | None = None,
        problems: dict[str, str] | None = None,
        *,
        status: int = 200,
    ) -> Response:
        sees_all = someone.may(Right.MANAGE_PEOPLE, ALL)
        with self.door.reading() as session:
            found = tokens.every(session, person_id=None if sees_all else someone.person_id)
            names = {each.id: each.name for each in people.every(session)} if sees_all else {}
        return self.staff.show(
            request,
            "tokens",
            someone,
            status=status,
            tokens=sorted(found, key=lambda token: (token.revoked_at is not None, -token.id)),
            names=names,
            scopes=grantable(someone),
            days=DAYS,
            named={slug: paper.name for slug, paper in self.door.settings.newsletters.items()},
            sent=sent or {},
            problems=problems or {},
        )


def grantable(someone: Someone) -> list[Right]:
    """Return the rights that somebody has anywhere, and may put into a token."""
    return [right for right in Right if someone.may(right, ALL) or someone.where(right)]


def may_revoke(someone: Someone, token: ApiToken) -> bool:
    """Say whether somebody may take a token back."""
    return token.person_id == someone.person_id or someone.may(Right.MANAGE_PEOPLE, ALL)
