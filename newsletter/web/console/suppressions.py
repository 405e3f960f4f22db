"""Who is never mailed: looked up by the exact address, added by an admin, lifted where the rules allow it.

A suppression holds no address, only its keyed hash: those of a list's own people are shown with the address
we know them by, everybody else's can only be asked for.
"""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import Request, Response
from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.web.console.room import READERS, Room, reaches_all, whom
from newsletter.web.forms import Sent
from newsletter.web.staff import Someone, StaffRoute
from subscribers import (
    Address,
    InvalidAddress,
    Reason,
    Subscriber,
    Subscription,
    Suppression,
    find,
    normalise,
    suppress_address,
    suppress_domain,
)

PAGE_SIZE = 50


@dataclass(frozen=True, slots=True)
class Asked:
    """One address that was looked up, and what is known."""

    address: str
    by_address: Suppression | None
    by_domain: Suppression | None
    subscriber_id: int | None  # on this list


class Suppressions(Room):
    """The page of suppressions."""

    def routes(self) -> list[StaffRoute]:
        """Return where it is."""
        here = "/staff/{newsletter}/suppressions"
        return [
            StaffRoute(method="GET", path=here, right=READERS, handler=self.page),
            StaffRoute(method="POST", path=here, right=READERS, handler=self.add),
        ]

    def page(self, request: Request, someone: Someone, newsletter: str) -> Response:
        """Show who of the list is never mailed, and why; or one address."""
        return self._page(request, someone, newsletter)

    def add(self, request: Request, someone: Someone, newsletter: str, sent: Sent) -> Response:
        """Never mail an address or a whole domain again, on any list."""
        typed, because = sent.get("what", "").strip(), sent.get("because", "").strip()
        problem = self.block(someone, typed, because)
        if problem:
            return self._page(request, someone, newsletter, sent=sent, problem=problem, status=422)
        response = self.staff.go(f"/staff/{newsletter}/suppressions")
        self.staff.notice(response, "console.suppression.added")
        return response

    def block(self, someone: Someone, typed: str, because: str) -> str:
        """Suppress what was typed; return the key of what was wrong, or nothing."""
        if not reaches_all(someone):
            return "console.suppression.everywhere"
        if not because:
            return "console.no_reason"
        is_domain = "@" not in typed.lstrip("@")
        try:
            address = normalise(f"a@{typed.lstrip('@')}" if is_domain else typed)
        except InvalidAddress:
            return "console.suppression.no_address"
        now, note = self.door.now(), f"{whom(someone)}: {because}"[:500]
        with self.door.writing() as session:
            if is_domain:
                suppress_domain(session, address.domain, reason=Reason.BLOCKED, now=now, note=note)
            else:
                digest = self.app.keys.addresses.digest(address)
                suppress_address(session, digest, reason=Reason.BLOCKED, now=now, note=note)
            self.staff.audit(
                session,
                someone,
                "console.suppressed",
                about=f"domain:{address.domain}" if is_domain else str(address),
                facts={"because": because},
                now=now,
            )
        return ""

    def look_up(self, session: Session, newsletter: str, address: Address) -> Asked:
        """Return what is known of an address."""
        digest = self.app.keys.addresses.digest(address)
        by_address = session.scalars(
            select(Suppression).where(Suppression.address_hash == digest)
        ).one_or_none()
        by_domain = session.scalars(
            select(Suppression).where(Suppression.domain == address.domain)
        ).one_or_none()
        person = find(session, self.app.keys.addresses, address)
        listed = session.get(Subscription, (newsletter, person.id)) if person else None
        return Asked(address.value, by_address, by_domain, listed.subscriber_id if listed else None)

    def _page(
        self,
        request: Request,
        someone: Someone,
        newsletter: str,
        *,
        sent: Sent | None = None,
        problem: str = "",
        status: int = 200,
    ) -> Response:
        typed = request.query_params.get("address", "").strip()[:320]
        before = request.query_params.get("before", "")
        asked, no_address = None, False
        with self.door.reading() as session:
            if typed:
                try:
                    asked = self.look_up(session, newsletter, normalise(typed))
                except InvalidAddress:
                    no_address = True
            rows = of_list(session, newsletter, _number(before))
            domains = session.scalars(
                select(Suppression)
                .where(Suppression.domain.is_not(None))
                .order_by(Suppression.domain)
                .limit(200)
            ).all()
        return self.show(
            request,
            "console_suppressions",
            someone,
            slug=newsletter,
            status=422 if no_address else status,
            typed=typed,
            asked=asked,
            no_address=no_address,
            rows=rows[:PAGE_SIZE],
            older=f"?before={rows[PAGE_SIZE - 1][0].id}" if len(rows) > PAGE_SIZE else "",
            is_first=not before,
            domains=domains,
            may_add=reaches_all(someone),
            sent=sent or {},
            problem=problem,
        )


def of_list(
    session: Session, newsletter: str, before: int | None
) -> list[tuple[Suppression, int, str | None]]:
    """Return the suppressed people of a list, newest first: a page and one more."""
    query = (
        select(Suppression, Subscriber.id, Subscriber.address)
        .join(Subscriber, Subscriber.address_hash == Suppression.address_hash)
        .join(
            Subscription,
            (Subscription.subscriber_id == Subscriber.id) & (Subscription.newsletter == newsletter),
        )
        .order_by(Suppression.id.desc())
        .limit(PAGE_SIZE + 1)
    )
    if before is not None:
        query = query.where(Suppression.id < before)
    return [(suppression, id_, address) for suppression, id_, address in session.execute(query)]


def _number(typed: str) -> int | None:
    return int(typed) if typed.isascii() and typed.isdecimal() and len(typed) < 16 else None
