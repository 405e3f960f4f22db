"""Test mails from the desk: what lies there, to a few addresses, and what became of each."""

from __future__ import annotations

from fastapi import HTTPException, Request, Response

from newsletter.desk import trial
from newsletter.errors import NewsletterError
from newsletter.people.rights import Right
from newsletter.web.desk.edition import text_to_look_at
from newsletter.web.desk.sent_text import Written
from newsletter.web.desk.table import Table
from newsletter.web.desk.view import View
from newsletter.web.staff import Someone, StaffRoute


class Trial:
    """Sending a test, and looking what became of it."""

    def __init__(self, table: Table) -> None:
        self.table = table
        self.staff = table.staff
        self.door = table.door

    def routes(self) -> list[StaffRoute]:
        """Return where it is done."""
        one = "/staff/{newsletter}/editions/{key}/test"
        return [
            StaffRoute(method="POST", path=one, right=Right.TEST_SEND, handler=self.send),
            StaffRoute(method="POST", path=f"{one}/forget", right=Right.TEST_SEND, handler=self.forget),
            StaffRoute(method="GET", path=f"{one}/{{run}}", right=Right.TEST_SEND, handler=self.outcome),
        ]

    def send(self, request: Request, someone: Someone, newsletter: str, key: str, sent: Written) -> Response:
        """Write a test mail for each address that is ticked or typed."""
        opened = self.table.open(someone, newsletter, key)
        to = self.table.path(newsletter, opened.key)
        view = View.of(request) if not sent.fields.get("reader") else View(reader=sent.fields["reader"])
        persona = self.table.persona(someone, opened.newsletter, view)
        text = text_to_look_at(opened, typed=sent.fields.get("of") == "draft")
        email = self.table.look(opened, text, persona).email
        now = self.door.now()
        try:
            if email is None:
                raise trial.NotSent("this text cannot be read; nothing was sent")
            addresses = trial.addresses_in(" ".join((*sent.all("to"), sent.fields.get("more", ""))))
            with self.door.writing() as session:
                run = trial.post(
                    session,
                    email.mailing,
                    addresses,
                    newsletter=newsletter,
                    urls=opened.desk.urls,
                    hasher=self.door.app.keys.addresses,
                    by=someone.address,
                    marked=sent.fields.get("marked") != "no",
                    now=now,
                )
                self.staff.audit(
                    session,
                    someone,
                    "edition.test-sent",
                    newsletter=newsletter,
                    about=str(opened.key),
                    facts={"copies": len(addresses)},
                    now=now,
                )
        except NewsletterError as error:
            return self.table.refuse(f"{to}#test", error)
        return self.staff.go(f"{to}/test/{run}")

    def outcome(self, request: Request, someone: Someone, newsletter: str, key: str, run: str) -> Response:
        """Show what became of each test mail."""
        if not trial.is_run(run):
            raise HTTPException(404)
        with self.door.reading() as session:
            outcomes = trial.outcomes(session, run, newsletter=newsletter)
        if not outcomes:
            raise HTTPException(404)
        return self.staff.show(
            request,
            "desk/test",
            someone,
            slug=newsletter,
            key=str(self.table.key(key)),
            run=run,
            outcomes=outcomes,
            is_open=any(one.is_open for one in outcomes),
        )

    def forget(
        self, request: Request, someone: Someone, newsletter: str, key: str, sent: Written
    ) -> Response:
        """Offer an address no more."""
        with self.door.writing() as session:
            trial.forget_address(session, newsletter, sent.fields.get("address", ""))
        return self.staff.go(self.table.path(newsletter, self.table.key(key), "#test"))
