"""The desk for programs: revisions and test mails."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from fastapi import Request
from fastapi.responses import JSONResponse

from newsletter.desk import trial
from newsletter.editions.revision import RevisedMeanwhile, Revision
from newsletter.errors import NewsletterError
from newsletter.people.rights import Right
from newsletter.web.desk.api.answers import answer, clean, revision_of
from newsletter.web.desk.api.bodies import Answer, Choice, LeftOut, NewText, TestMail
from newsletter.web.desk.api.looking import ONE
from newsletter.web.desk.edition import text_to_look_at
from newsletter.web.desk.sent_text import LARGEST_FORM
from newsletter.web.desk.table import Table
from newsletter.web.desk.view import View
from newsletter.web.staff import Someone, StaffRoute, refused


class Writing:
    """Calls that change what goes out, or show it to a few."""

    def __init__(self, table: Table) -> None:
        self.table = table
        self.door = table.door
        self.staff = table.staff

    def routes(self) -> list[StaffRoute]:
        """Return where they are."""
        return [
            StaffRoute(
                method="POST",
                path=f"{ONE}/revisions",
                right=Right.EDIT,
                handler=self.replace,
                answer=Answer,
                largest_body=LARGEST_FORM,
            ),
            StaffRoute(
                method="POST", path=f"{ONE}/stories", right=Right.EDIT, handler=self.stories, answer=Answer
            ),
            StaffRoute(
                method="POST", path=f"{ONE}/choice", right=Right.EDIT, handler=self.choose, answer=Answer
            ),
            StaffRoute(
                method="POST", path=f"{ONE}/test", right=Right.TEST_SEND, handler=self.test, answer=Answer
            ),
            StaffRoute(
                method="GET",
                path=f"{ONE}/test/{{run}}",
                right=Right.TEST_SEND,
                handler=self.outcome,
                answer=Answer,
            ),
        ]

    def replace(
        self, request: Request, someone: Someone, newsletter: str, key: str, sent: NewText
    ) -> JSONResponse:
        """Put a text in the place of the source."""
        return self._revise(
            someone,
            newsletter,
            key,
            lambda day: self.table.desk(newsletter).texts.replace(
                day, clean(sent.text), author=someone.name, after=sent.after, note=clean(sent.note)
            ),
        )

    def stories(
        self, request: Request, someone: Someone, newsletter: str, key: str, sent: LeftOut
    ) -> JSONResponse:
        """Leave stories out, and let all others go out."""
        return self._revise(
            someone,
            newsletter,
            key,
            lambda day: self.table.desk(newsletter).texts.leave_out(
                day, sent.places, author=someone.name, after=sent.after
            ),
        )

    def choose(
        self, request: Request, someone: Someone, newsletter: str, key: str, sent: Choice
    ) -> JSONResponse:
        """Choose the source, the revision that stands, or an older one."""

        def choose(day: date) -> Revision:
            texts = self.table.desk(newsletter).texts
            if sent.choice == "source":
                return texts.use_source(day, author=someone.name, after=sent.after)
            if sent.choice == "revision":
                return texts.keep(day, author=someone.name, after=sent.after)
            return texts.go_back(day, int(sent.choice), author=someone.name, after=sent.after)

        return self._revise(someone, newsletter, key, choose)

    def test(
        self, request: Request, someone: Someone, newsletter: str, key: str, sent: TestMail
    ) -> JSONResponse:
        """Send a test to a few addresses; `run` is what its outcomes are asked with."""
        opened = self.table.open(someone, newsletter, key)
        persona = self.table.persona(someone, opened.newsletter, View(reader=sent.language))
        email = self.table.look(opened, text_to_look_at(opened, typed=False), persona).email
        if email is None:
            return refused(422, "this text cannot be read; nothing was sent")
        now = self.door.now()
        try:
            with self.door.writing() as session:
                run = trial.post(
                    session,
                    email.mailing,
                    trial.addresses_in(clean(" ".join(sent.to))),
                    newsletter=newsletter,
                    urls=opened.desk.urls,
                    hasher=self.door.app.keys.addresses,
                    by=someone.address,
                    marked=sent.marked,
                    now=now,
                )
                self.staff.audit(
                    session,
                    someone,
                    "edition.test-sent",
                    newsletter=newsletter,
                    about=str(opened.key),
                    facts={"copies": len(sent.to)},
                    now=now,
                )
        except trial.TooMany as error:
            return refused(429, str(error))
        except NewsletterError as error:
            return refused(422, str(error))
        return answer(run=run)

    def outcome(
        self, request: Request, someone: Someone, newsletter: str, key: str, run: str
    ) -> JSONResponse:
        """Return what became of each mail of a test."""
        with self.door.reading() as session:
            outcomes = trial.outcomes(session, run, newsletter=newsletter) if trial.is_run(run) else []
        if not outcomes:
            return refused(404)
        return answer(
            mails=[{"address": one.address, "state": one.state, "reply": one.reply} for one in outcomes]
        )

    def _revise(
        self, someone: Someone, slug: str, written: str, act: Callable[[date], Revision]
    ) -> JSONResponse:
        key = self.table.key(written)
        try:
            revision = act(self.table.daily(written))
        except RevisedMeanwhile as error:
            return refused(409, str(error))
        except NewsletterError as error:
            return refused(422, str(error))
        with self.door.writing() as session:
            self.staff.audit(
                session,
                someone,
                "edition.revised",
                newsletter=slug,
                about=str(key),
                facts={"revision": revision.number},
                now=self.door.now(),
            )
        return answer(**revision_of(revision))
