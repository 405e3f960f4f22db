"""What became of an edition's copies, in the far side's words: trying a class again, settling doubt."""

from __future__ import annotations

from fastapi import HTTPException, Request, Response
from sqlalchemy.orm import Session

from newsletter.delivery import control
from newsletter.delivery.control import Chosen, NothingToDo
from newsletter.delivery.states import State
from newsletter.editions.edition import SENT, Edition
from newsletter.editions.states import EditionTransitionNotAllowed
from newsletter.replies import Meaning
from newsletter.reports.copies import Copies, copies, sent, standing
from newsletter.web.console.room import READERS, SEND, Room, whom
from newsletter.web.forms import Sent
from newsletter.web.staff import Id, Someone, StaffRoute

PAGE_SIZE = 50
SHOWN = (
    State.REFUSED,
    State.IN_DOUBT,
    State.DEFERRED,
    State.WAITING,
    State.WITHDRAWN,
    State.EXPIRED,
    State.ACCEPTED,
)


class Deliveries(Room):
    """The pages of copies."""

    def routes(self) -> list[StaffRoute]:
        """Return where they are."""
        here = "/staff/{newsletter}/deliveries"
        one = f"{here}/{{edition_id}}"
        return [
            StaffRoute(
                method="GET",
                path=here,
                right=READERS,
                handler=self.editions,
                nav="console.nav.deliveries",
                nav_at=45,
            ),
            StaffRoute(method="GET", path=one, right=READERS, handler=self.page),
            StaffRoute(method="POST", path=f"{one}/retry", right=SEND, handler=self.retry),
            StaffRoute(method="POST", path=f"{one}/settle", right=SEND, handler=self.settle),
        ]

    def editions(self, request: Request, someone: Someone, newsletter: str) -> Response:
        """Show the editions that have gone out, and how each stands."""
        before = request.query_params.get("before", "")
        with self.door.reading() as session:
            bound = self.edition(session, newsletter, int(before)) if _is_number(before) else None
            found = sent(session, newsletter, before=bound, most=31)
            stands = standing(session, found[:30])
        return self.show(
            request,
            "console_editions",
            someone,
            slug=newsletter,
            editions=found[:30],
            stands=stands,
            older=f"?before={found[29].id}" if len(found) > 30 else "",
            is_first=not before,
        )

    def page(self, request: Request, someone: Someone, newsletter: str, edition_id: Id) -> Response:
        """Show the copies of an edition."""
        return self._page(request, someone, newsletter, edition_id)

    def retry(
        self, request: Request, someone: Someone, newsletter: str, edition_id: Id, sent: Sent
    ) -> Response:
        """Try a class of refused copies once more."""
        meaning = sent.get("meaning", "")
        if meaning not in set(Meaning):
            return self._page(
                request, someone, newsletter, edition_id, problem="console.copies.no_meaning", status=422
            )
        chosen = Chosen(meanings=frozenset({Meaning(meaning)}))
        return self._change(request, someone, newsletter, edition_id, "retry", chosen)

    def settle(
        self, request: Request, someone: Someone, newsletter: str, edition_id: Id, sent: Sent
    ) -> Response:
        """Say what became of the copies in doubt: they arrived, or they are to be sent again."""
        how, because = sent.get("how", ""), sent.get("because", "").strip()
        if how not in ("settle", "resend") or not because:
            return self._page(
                request, someone, newsletter, edition_id, problem="console.copies.say_how", status=422
            )
        return self._change(request, someone, newsletter, edition_id, how, Chosen(), because)

    def change(
        self,
        someone: Someone,
        newsletter: str,
        edition_id: int,
        how: str,
        chosen: Chosen,
        because: str = "",
    ) -> int:
        """Retry, settle or resend; return how many copies. Raises ``NothingToDo`` when none is meant."""
        now = self.door.now()
        with self.door.writing() as session:
            edition = self.edition(session, newsletter, edition_id, lock=True)
            if how == "retry":
                count = control.retry(session, edition, chosen, now=now)
            elif how == "resend":
                count = control.resend(session, edition, chosen, now=now)
            else:
                told = f"{whom(someone)}: {because}"
                count = control.settle(session, edition, chosen, because=told)
            if not count:
                raise NothingToDo("no copy is meant")
            self.staff.audit(
                session,
                someone,
                f"console.copies_{how}",
                newsletter=newsletter,
                about=edition.label,
                facts={"copies": count, "because": because, "meanings": sorted(chosen.meanings)},
                now=now,
            )
        return count

    def _change(
        self,
        request: Request,
        someone: Someone,
        newsletter: str,
        edition_id: int,
        how: str,
        chosen: Chosen,
        because: str = "",
    ) -> Response:
        try:
            count = self.change(someone, newsletter, edition_id, how, chosen, because)
        except (NothingToDo, EditionTransitionNotAllowed):
            return self._page(
                request, someone, newsletter, edition_id, problem="console.copies.none_meant", status=409
            )
        response = self.staff.go(f"/staff/{newsletter}/deliveries/{edition_id}")
        self.staff.notice(response, f"console.copies.done_{how}", copies=count)
        return response

    def edition(self, session: Session, newsletter: str, edition_id: int, *, lock: bool = False) -> Edition:
        """Return an edition of a newsletter that has gone out; 404 for any other."""
        edition = session.get(Edition, edition_id, with_for_update=True if lock else None)
        if edition is None or edition.newsletter != newsletter or edition.state not in SENT:
            raise HTTPException(404)
        return edition

    def found(self, session: Session, request: Request, edition: Edition) -> tuple[Copies, str, str]:
        """Return the copies that were asked for, and the state and the meaning that were asked."""
        asked = request.query_params
        state = asked.get("state", "")
        meaning = asked.get("meaning", "")
        after = asked.get("after", "")
        wanted = (State(state),) if state in SHOWN else ()
        if meaning in set(Meaning):
            wanted, state = (State.REFUSED,), State.REFUSED.value
        else:
            meaning = ""
        found = copies(
            session,
            edition,
            states=wanted,
            meaning=Meaning(meaning) if meaning else None,
            after=int(after) if _is_number(after) else 0,
            limit=PAGE_SIZE,
        )
        return found, state if wanted else "", meaning

    def _page(
        self,
        request: Request,
        someone: Someone,
        newsletter: str,
        edition_id: int,
        *,
        problem: str = "",
        status: int = 200,
    ) -> Response:
        with self.door.reading() as session:
            edition = self.edition(session, newsletter, edition_id)
            stands = standing(session, [edition]).get(edition.id)
            found, state, meaning = self.found(session, request, edition)
        return self.show(
            request,
            "console_copies",
            someone,
            slug=newsletter,
            status=status,
            edition=edition,
            stands=stands,
            found=found,
            state=state,
            meaning=meaning,
            states=SHOWN,
            meanings=list(Meaning),
            problem=problem,
            is_first=not request.query_params.get("after"),
        )


def _is_number(typed: str) -> bool:
    return typed.isascii() and typed.isdecimal() and len(typed) < 16
