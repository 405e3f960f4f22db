"""One person of a list: how they stand, their timeline, and the verbs."""

from __future__ import annotations

import json
from typing import Any

from fastapi import HTTPException, Request, Response
from sqlalchemy import select
from sqlalchemy.orm import Session

import subscribers
from newsletter import verbs
from newsletter.feedback.tables import Feedback
from newsletter.reports.states import JobKind
from newsletter.reports.timeline import Act, Noted, Timeline, timeline
from newsletter.reports.timeline import Sent as SentCopy
from newsletter.verbs import VERBS
from newsletter.web.console.readers import EVERYWHERE
from newsletter.web.console.room import READERS, Room, on_list, reaches
from newsletter.web.forms import Sent
from newsletter.web.staff import Id, Someone, StaffRoute
from subscribers import Address, Reason, Status, Subscriber, Subscription, Suppression

LIFT = "lift"


class People(Room):
    """The page of one person."""

    def routes(self) -> list[StaffRoute]:
        """Return where it is."""
        here = "/staff/{newsletter}/readers/{subscriber_id}"
        return [
            StaffRoute(method="GET", path=here, right=READERS, handler=self.page),
            StaffRoute(method="POST", path=here, right=READERS, handler=self.act),
            StaffRoute(method="GET", path=f"{here}/data.json", right=READERS, handler=self.data),
        ]

    def page(self, request: Request, someone: Someone, newsletter: str, subscriber_id: Id) -> Response:
        """Show a person."""
        return self._page(request, someone, newsletter, subscriber_id)

    def act(
        self, request: Request, someone: Someone, newsletter: str, subscriber_id: Id, sent: Sent
    ) -> Response:
        """Do one thing to a person, for a reason."""
        verb, because = sent.get("verb", ""), sent.get("because", "").strip()
        problem = self.do(someone, newsletter, subscriber_id, verb, because)
        if problem.startswith("console.person.problem"):
            return self._page(
                request, someone, newsletter, subscriber_id, problem=problem, tried=verb, status=422
            )
        response = self.staff.go(f"/staff/{newsletter}/readers/{subscriber_id}")
        self.staff.notice(response, problem)
        return response

    def do(self, someone: Someone, newsletter: str, subscriber_id: int, verb: str, because: str) -> str:
        """Do one thing; return the key of the text that says what came of it."""
        if verb not in (*VERBS, LIFT):
            return "console.person.problem.verb"
        if not because:
            return "console.person.problem.reason"
        deed = self.deed(someone, because)
        with self.door.writing() as session:
            person, _ = on_list(session, newsletter, subscriber_id)
            if verb in (*EVERYWHERE, LIFT) and not reaches(session, someone, subscriber_id):
                return "console.person.problem.everywhere"
            if verb == LIFT:
                told = self._lift(session, person, deed)
            else:
                done = verbs.do(session, self.app, JobKind(verb), newsletter, [subscriber_id], deed)
                told = _told(verb, done)
            self.staff.audit(
                session,
                someone,
                f"console.{verb}",
                newsletter=newsletter,
                about=f"subscriber:{subscriber_id}",
                facts={"because": because},
                now=deed.now,
            )
        return told

    def _lift(self, session: Session, person: Subscriber, deed: verbs.Deed) -> str:
        try:
            was = subscribers.lift(session, person, reason=deed.origin[:170], now=deed.now)
        except subscribers.CannotLift:
            return "console.person.problem.cannot_lift"
        return "console.person.done.lift" if was else "console.person.done.nothing"

    def data(self, request: Request, someone: Someone, newsletter: str, subscriber_id: Id) -> Response:
        """Hand over all that is held about a person, to be given to them."""
        now = self.door.now()
        with self.door.writing() as session:
            person, _ = on_list(session, newsletter, subscriber_id)
            if not reaches(session, someone, subscriber_id):
                raise HTTPException(403)
            if person.address is None:
                raise HTTPException(404)
            document = subscribers.own_data(session, self.app.keys.addresses, Address(person.address))
            self.staff.audit(
                session,
                someone,
                "console.data",
                newsletter=newsletter,
                about=f"subscriber:{subscriber_id}",
                now=now,
            )
        return Response(
            json.dumps(document, ensure_ascii=False, indent=2) + "\n",
            media_type="application/json",
            headers={"content-disposition": f'attachment; filename="person-{subscriber_id}.json"'},
        )

    def _page(
        self,
        request: Request,
        someone: Someone,
        newsletter: str,
        subscriber_id: int,
        *,
        problem: str = "",
        tried: str = "",
        status: int = 200,
    ) -> Response:
        before = request.query_params.get("before", "")
        with self.door.reading() as session:
            person, listed = on_list(session, newsletter, subscriber_id)
            never = subscribers.suppression_of(session, person)
            told = timeline(
                session,
                newsletter,
                subscriber_id,
                before=int(before) if before.isascii() and before.isdecimal() and len(before) < 16 else None,
            )
            back = came_back(session, told, subscriber_id)
            everywhere = reaches(session, someone, subscriber_id)
        return self.show(
            request,
            "console_person",
            someone,
            slug=newsletter,
            status=status,
            person=person,
            listed=listed,
            never=never,
            told=told,
            kinds=[(_kind(entry), entry) for entry in told.entries],
            back=back,
            is_first=not before,
            verbs=_verbs(person, listed, never, everywhere=everywhere),
            may_have_data=everywhere and person.address is not None,
            problem=problem,
            tried=tried,
            today=self.today(newsletter),
        )


def came_back(session: Session, told: Timeline, subscriber_id: int) -> dict[int, Feedback]:
    """Return what came back of the copies of a timeline, by edition."""
    editions = [entry.edition_id for entry in told.entries if isinstance(entry, SentCopy)]
    rows = session.scalars(
        select(Feedback).where(Feedback.edition_id.in_(editions), Feedback.subscriber_id == subscriber_id)
    )
    return {row.edition_id: row for row in rows}


def entry_as_json(entry: Act | SentCopy | Noted, back: dict[int, Feedback]) -> dict[str, Any]:
    """Return one entry of a timeline for the API."""
    at = entry.at.isoformat(timespec="seconds")
    if isinstance(entry, Act):
        return {"at": at, "what": "consent", "event": entry.event.value, "origin": entry.origin}
    if isinstance(entry, Noted):
        return {"at": at, "what": "notice", "purpose": entry.purpose, "state": entry.state.value}
    heard = back.get(entry.edition_id)
    return {
        "at": at,
        "what": "edition",
        "edition": entry.label,
        "state": entry.state.value,
        "said": entry.said,
        "came_back": heard.kind.value if heard else None,
        "came_back_words": heard.reply if heard else None,
    }


def _kind(entry: Act | SentCopy | Noted) -> str:
    return {Act: "act", SentCopy: "copy", Noted: "notice"}[type(entry)]


def _told(verb: str, done: verbs.Done) -> str:
    if done.changed:
        return f"console.person.done.{verb}"
    for why in (verbs.TOO_OFTEN, verbs.NEVER_MAILED):
        if done.counts[why]:
            return f"console.person.done.{why}"
    return "console.person.done.nothing"


def _verbs(
    person: Subscriber, listed: Subscription, never: Suppression | None, *, everywhere: bool
) -> list[str]:
    """Return the verbs that would change something, in the order of how much."""
    if person.address is None:
        return []
    found = []
    if listed.status is Status.PENDING and never is None:
        found.append(JobKind.RECONFIRM.value)
    if listed.status is not Status.LEFT:
        found.append(JobKind.LEAVE.value)
    if everywhere:
        if never is None:
            found.append(JobKind.BLOCK.value)
        elif never.reason is Reason.BOUNCED and never.address_hash is not None:
            found.append(LIFT)
        found.append(JobKind.ERASE.value)
    return found
