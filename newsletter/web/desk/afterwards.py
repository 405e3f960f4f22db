"""What is made of an edition that has begun: the rest in other words, and a correction to those who have it.

What is typed lies in a draft between looking and letting it go, so that what was looked at is what goes.
"""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import HTTPException, Request, Response

from newsletter.desk import draft as drafts
from newsletter.desk.comparing import compare
from newsletter.editions.edition import Edition
from newsletter.editions.revision import hash_of
from newsletter.editions.states import Kind, State
from newsletter.errors import DigestError, NewsletterError
from newsletter.morning import Correction, Press, Revision
from newsletter.morning.correction import CorrectionHeld, Plan
from newsletter.morning.proof import as_json
from newsletter.people.rights import Right
from newsletter.web.desk.sent_text import LARGEST_FORM, SentText, Written
from newsletter.web.desk.table import Open, Table, window_of
from newsletter.web.desk.view import View
from newsletter.web.desk.wording import in_words
from newsletter.web.staff import Someone, StaffRoute


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """Why something typed cannot go out, and the findings that say so."""

    why: str
    findings: list[dict[str, object]]


class Afterwards:
    """Revising the rest, and correcting."""

    def __init__(self, table: Table) -> None:
        self.table = table
        self.staff = table.staff
        self.door = table.door

    def routes(self) -> list[StaffRoute]:
        """Return where it is done."""
        one = "/staff/{newsletter}/editions/{key}"
        return [
            StaffRoute(method="GET", path=f"{one}/revise", right=Right.SEND, handler=self.revise_page),
            StaffRoute(
                method="POST",
                path=f"{one}/revise",
                right=Right.SEND,
                handler=self.revise,
                largest_body=LARGEST_FORM,
            ),
            StaffRoute(method="GET", path=f"{one}/correct", right=Right.SEND, handler=self.correct_page),
            StaffRoute(
                method="POST",
                path=f"{one}/correct",
                right=Right.SEND,
                handler=self.correct,
                largest_body=LARGEST_FORM,
            ),
        ]

    # ---- the rest in other words ----

    def revise_page(self, request: Request, someone: Someone, newsletter: str, key: str) -> Response:
        """Show what went out beside what the rest is to be."""
        opened, edition = self._begun(someone, newsletter, key)
        old = edition.digest_source or ""
        text = self._draft(someone, newsletter, opened, "revise") or old
        persona = self.table.persona(someone, opened.newsletter, View())
        shown = self.table.look_anew(opened, text, persona)
        words = self.staff.words(request, someone)
        return self.staff.show(
            request,
            "desk/revise",
            someone,
            slug=newsletter,
            opened=opened,
            key=str(opened.key),
            edition=edition,
            text=text,
            shown=shown,
            findings=[in_words(finding, words.tag) for finding in shown.findings],
            comparison=compare(old, text),
            is_paused=edition.state is State.PAUSED,
        )

    def revise(
        self, request: Request, someone: Someone, newsletter: str, key: str, sent: Written
    ) -> Response:
        """Look at what is typed, or let all that was not handed over yet be that."""
        opened, edition = self._begun(someone, newsletter, key)
        to = self.table.path(newsletter, opened.key, "/revise")
        if sent.problem is not None:
            return self.table.refuse(to, sent.problem)
        self._keep(someone, newsletter, opened, "revise", sent)
        if sent.fields.get("act") != "save":
            return self.staff.go(f"{to}#shown")
        text, now = sent.text, self.door.now()
        revision = Revision(press=Press.of(opened.desk.morning))
        try:
            digest = opened.desk.texts.read(text, opened.key.day)
            proof = revision.prove(edition, digest, digest_hash=hash_of(text))
            revised = revision.run(
                edition,
                proof,
                digest_hash=hash_of(text),
                by=someone.name,
                because=sent.fields.get("because", ""),
            )
        except NewsletterError as error:
            return self.table.refuse(to, error)
        with self.door.writing() as session:
            drafts.give_up(session, newsletter, opened.key.day, f"{window_of(someone)}-revise")
            self.staff.audit(
                session,
                someone,
                "edition.rest-revised",
                newsletter=newsletter,
                about=str(opened.key),
                facts={"revision": revised.revision},
                now=now,
            )
        response = self.staff.go(self.table.path(newsletter, opened.key))
        self.staff.notice(response, "desk.done.revised", number=revised.revision)
        return response

    # ---- a correction ----

    def correct_page(self, request: Request, someone: Someone, newsletter: str, key: str) -> Response:
        """Show what would go out to whom, once something is typed."""
        opened, edition = self._begun(someone, newsletter, key)
        text = self._draft(someone, newsletter, opened, "correct")
        plan, refused = self._plan(request, someone, opened, edition, text) if text else (None, None)
        return self.staff.show(
            request,
            "desk/correct",
            someone,
            slug=newsletter,
            key=str(opened.key),
            edition=edition,
            text=text,
            plan=plan,
            letter=plan.proof.mailing.text.fill({}).strip() if plan else "",
            refused=refused,
        )

    def correct(
        self, request: Request, someone: Someone, newsletter: str, key: str, sent: Written
    ) -> Response:
        """Look at a correction, or let it go to those who have the edition."""
        opened, edition = self._begun(someone, newsletter, key)
        to = self.table.path(newsletter, opened.key, "/correct")
        if sent.problem is not None:
            return self.table.refuse(to, sent.problem)
        self._keep(someone, newsletter, opened, "correct", sent)
        if sent.fields.get("act") != "send":
            return self.staff.go(f"{to}#plan")
        words, now = self.staff.words(request, someone), self.door.now()
        story = Correction(press=Press.of(opened.desk.morning))
        try:
            plan = story.plan(edition, text=sent.text)
            typed = sent.fields.get("owed", "").strip().replace(",", "").replace("，", "")
            if typed != str(plan.audience.owed):
                raise NewsletterError(words.say("desk.send.not_typed", owed=f"{plan.audience.owed:,}"))
            begun = story.begin(plan)
        except NewsletterError as error:
            return self.table.refuse(to, error)
        with self.door.writing() as session:
            drafts.give_up(session, newsletter, opened.key.day, f"{window_of(someone)}-correct")
            self.staff.audit(
                session,
                someone,
                "edition.corrected",
                newsletter=newsletter,
                about=str(opened.key),
                facts={"copies": plan.audience.owed},
                now=now,
            )
        tail = f"{begun.day}-{begun.kind}-{begun.serial}"
        response = self.staff.go(f"/staff/{newsletter}/editions/{tail}")
        self.staff.notice(response, "desk.done.corrected", count=plan.audience.owed)
        return response

    def _plan(
        self, request: Request, someone: Someone, opened: Open, edition: Edition, text: str
    ) -> tuple[Plan | None, Refused | None]:
        tag = self.staff.words(request, someone).tag
        try:
            return Correction(press=Press.of(opened.desk.morning)).plan(edition, text=text), None
        except CorrectionHeld as held:
            found = [in_words(as_json(finding), tag) for finding in held.proof.findings]
            return None, Refused(why=str(held), findings=found)
        except (DigestError, NewsletterError) as error:
            return None, Refused(why=str(error), findings=[])

    # ---- what both need ----

    def _begun(self, someone: Someone, slug: str, written: str) -> tuple[Open, Edition]:
        opened = self.table.open(someone, slug, written)
        if not opened.has_begun or opened.edition is None or opened.edition.kind is Kind.CORRECTION:
            raise HTTPException(404)
        return opened, opened.edition

    def _draft(self, someone: Someone, slug: str, opened: Open, use: str) -> str:
        with self.door.reading() as session:
            kept = drafts.find(session, slug, opened.key.day, f"{window_of(someone)}-{use}")
        return kept.text if kept else ""

    def _keep(self, someone: Someone, slug: str, opened: Open, use: str, sent: SentText) -> None:
        now = self.door.now()
        with self.door.writing() as session:
            drafts.give_up(session, slug, opened.key.day, f"{window_of(someone)}-{use}")
            if sent.text.strip():
                drafts.keep(
                    session,
                    slug,
                    opened.key.day,
                    f"{window_of(someone)}-{use}",
                    text=sent.text,
                    sequence=0,
                    after=0,
                    now=now,
                )
