"""Writing: a look at what is being typed, saving it as a revision, leaving stories out, choosing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from fastapi import Request, Response
from fastapi.responses import RedirectResponse

from newsletter.desk import draft as drafts
from newsletter.desk.texts import NothingToSave, Texts
from newsletter.editions.revision import Revision
from newsletter.errors import DigestError, NewsletterError
from newsletter.people.rights import Right
from newsletter.web.desk.edition import EditionPage
from newsletter.web.desk.sent_text import LARGEST_FORM, SentText, Written
from newsletter.web.desk.table import Table, window_of
from newsletter.web.forms import Sent
from newsletter.web.staff import Someone, StaffRoute

_EDIT = "?edit=yes"


class Writing:
    """What editors do to a text before it goes out."""

    def __init__(self, table: Table) -> None:
        self.table = table
        self.staff = table.staff
        self.door = table.door

    def routes(self) -> list[StaffRoute]:
        """Return where it is done."""
        one = "/staff/{newsletter}/editions/{key}"
        acts = {
            "preview": self.preview,
            "text": self.text,
            "stories": self.stories,
            "choose": self.choose,
            "links": self.links,
        }
        return [
            StaffRoute(
                method="POST",
                path=f"{one}/{name}",
                right=Right.EDIT,
                handler=handler,
                largest_body=LARGEST_FORM if name in ("preview", "text") else None,
            )
            for name, handler in acts.items()
        ]

    def preview(
        self, request: Request, someone: Someone, newsletter: str, key: str, sent: Written
    ) -> Response:
        """Keep what was typed as a draft, and show what it would be.

        The answer names the sequence it belongs to. What an older window sends does not replace what a newer
        one has sent.
        """
        opened = self.table.open(someone, newsletter, key)
        to = self.table.path(newsletter, opened.key, _EDIT)
        if sent.problem is not None or not opened.text.is_editable:
            return self.table.refuse(to, sent.problem or NothingToSave("this edition has begun"))
        sequence = sent.number("sequence") or int(self.door.now().timestamp() * 1000)
        with self.door.writing() as session:
            drafts.keep(
                session,
                newsletter,
                opened.key.day,
                window_of(someone),
                text=sent.text,
                sequence=sequence,
                after=sent.number("after"),
                now=self.door.now(),
            )
        if "hx-request" not in request.headers:
            return self.staff.go(f"{to}#shown")
        opened = self.table.open(someone, newsletter, key)
        page = EditionPage(self.table)
        return page.show(request, someone, newsletter, opened, editing=True, sequence=sequence)

    def text(self, request: Request, someone: Someone, newsletter: str, key: str, sent: Written) -> Response:
        """Save a text as a revision, or give up what was typed."""
        to = self.table.path(newsletter, self.table.key(key), _EDIT)
        if sent.problem is not None:
            return self.table.refuse(to, sent.problem)
        if sent.fields.get("act") == "give-up":
            day = self.table.key(key).day
            with self.door.writing() as session:
                drafts.give_up(session, newsletter, day, window_of(someone))
            response = self.staff.go(self.table.path(newsletter, self.table.key(key)))
            self.staff.notice(response, "desk.draft.given_up")
            return response

        def save(texts: Texts, day: date) -> Revision:
            if not sent.text.strip():
                raise NothingToSave("the text is empty")
            return texts.replace(
                day,
                sent.text,
                author=someone.name,
                after=sent.number("after"),
                note=sent.fields.get("note", ""),
            )

        return self._revise(someone, newsletter, key, save, to_if_refused=to, sent=sent)

    def stories(
        self, request: Request, someone: Someone, newsletter: str, key: str, sent: Written
    ) -> Response:
        """Let the ticked stories go out, and no others."""
        kept = {int(place) for place in sent.all("place") if place.isascii() and place.isdigit()}
        opened = self.table.open(someone, newsletter, key)
        everything = range(len(opened.desk.texts.stories(opened.text)))

        def leave_out(texts: Texts, day: date) -> Revision:
            return texts.leave_out(
                day,
                [place for place in everything if place not in kept],
                author=someone.name,
                after=sent.number("after"),
                note=sent.fields.get("note", ""),
            )

        return self._revise(someone, newsletter, key, leave_out)

    def choose(self, request: Request, someone: Someone, newsletter: str, key: str, sent: Sent) -> Response:
        """Choose between the source, the revision that stands, and an older one."""
        chosen, after = sent.get("choice", ""), _number(sent.get("after", ""))

        def choose(texts: Texts, day: date) -> Revision:
            if chosen == "source":
                return texts.use_source(day, author=someone.name, after=after)
            if chosen == "revision":
                return texts.keep(day, author=someone.name, after=after)
            return texts.go_back(day, _number(chosen), author=someone.name, after=after)

        return self._revise(someone, newsletter, key, choose)

    def links(self, request: Request, someone: Someone, newsletter: str, key: str) -> Response:
        """Open every link of the text now, and remember what is there."""
        opened = self.table.open(someone, newsletter, key)
        to = self.table.path(newsletter, opened.key, "?part=links#shown")
        try:
            digest = opened.desk.texts.read(opened.desk.texts.going_out(opened.text), opened.key.day)
        except DigestError as error:
            return self.table.refuse(to, error)
        found = self.door.app.prober().probe(digest)
        self.table.forget_looks()
        response = self.staff.go(to)
        self.staff.notice(response, "desk.links.looked", count=len(found))
        return response

    def _revise(
        self,
        someone: Someone,
        slug: str,
        written: str,
        act: Callable[[Texts, date], Revision],
        *,
        to_if_refused: str = "",
        sent: SentText | None = None,
    ) -> Response:
        key = self.table.key(written)
        to = self.table.path(slug, key)
        try:
            revision = act(self.table.desk(slug).texts, self.table.daily(written))
        except NewsletterError as error:
            if sent is not None:  # what was typed must not be lost
                self._keep_draft(someone, slug, key.day, sent)
            return self.table.refuse(to_if_refused or to, error)
        now = self.door.now()
        facts = {
            "revision": revision.number,
            "source": revision.text is None,
            "left_out": len(revision.left_out),
        }
        with self.door.writing() as session:
            drafts.give_up(session, slug, key.day, window_of(someone))
            self.staff.audit(
                session, someone, "edition.revised", newsletter=slug, about=str(key), facts=facts, now=now
            )
        response: RedirectResponse = self.staff.go(to)
        said = "desk.revision.source_chosen" if revision.text is None else "desk.revision.saved"
        self.staff.notice(response, said, number=revision.number)
        return response

    def _keep_draft(self, someone: Someone, slug: str, day: date, sent: SentText) -> None:
        if not sent.text:
            return
        now = self.door.now()
        with self.door.writing() as session:
            drafts.keep(
                session,
                slug,
                day,
                window_of(someone),
                text=sent.text,
                sequence=int(now.timestamp() * 1000),
                after=sent.number("after"),
                now=now,
            )


def _number(typed: str) -> int:
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 10 else 0
