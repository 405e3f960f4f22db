"""What the pages of the desk share: an edition by the name in the address, and the text that is looked at."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TypeVar

from fastapi import HTTPException, Request, Response
from sqlalchemy.orm import Session

from newsletter.config import NewsletterSettings
from newsletter.desk.desk import Desk
from newsletter.desk.persona import Persona
from newsletter.desk.preview import Preview
from newsletter.desk.texts import OpenText
from newsletter.digests.sources import Found
from newsletter.editions import edition as editions
from newsletter.editions.archive import Key
from newsletter.editions.edition import SENT, Edition
from newsletter.editions.states import Kind
from newsletter.errors import NewsletterError
from newsletter.morning import Morning
from newsletter.web.desk.view import View
from newsletter.web.staff import Someone, Staff

FIRST_YEAR, LAST_YEAR = 2000, 2200  # of editions; what lies near the ends of time cannot be reckoned with
ASKED_EVERY = timedelta(minutes=1)
KEPT = 12  # previews; a page and its frame ask for the same one after the other
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True, kw_only=True)
class Open:
    """An edition, open on the desk."""

    key: Key
    desk: Desk
    newsletter: NewsletterSettings
    text: OpenText  # of a daily edition that has not begun; else what went out
    edition: Edition | None

    @property
    def has_begun(self) -> bool:
        """Whether it is frozen."""
        return self.edition is not None and self.edition.state in SENT


class Table:
    """Where editions are laid open."""

    def __init__(self, staff: Staff) -> None:
        self.staff = staff
        self.door = staff.door
        self._found: dict[tuple[str, date], tuple[datetime, Found]] = {}
        self._looks: OrderedDict[str, Preview] = OrderedDict()
        self._lock = threading.Lock()

    def desk(self, slug: str) -> Desk:
        """Return the desk of a newsletter."""
        morning = self.door.app.morning(slug)
        if morning.newsletter.source.is_folder:
            return Desk(morning=morning)
        return Desk(morning=morning, find=lambda day: self._asked_lately(morning, day))

    def _asked_lately(self, morning: Morning, day: date) -> Found:
        """Return what a source elsewhere holds: it is asked once a minute, not for each page."""
        now, place = self.door.now(), (morning.slug, day)
        at, found = self._found.get(place, (now - ASKED_EVERY, None))
        if found is None or now - at >= ASKED_EVERY:
            found = morning.beginning.find_in_source(day)
            self._found = dict([*self._found.items()][-20:]) | {place: (now, found)}
        return found

    def key(self, written: str) -> Key:
        """Return which edition an address names; 404 for what is no name of one."""
        key = Key.parse(written)
        if key is None or not FIRST_YEAR <= key.day.year <= LAST_YEAR:
            raise HTTPException(404)
        return key

    def daily(self, written: str) -> date:
        """Return the day of the daily edition an address names; 404 for any other edition."""
        key = self.key(written)
        if key.kind is not Kind.DAILY or key.serial != 1:
            raise HTTPException(404)
        return key.day

    def open(self, someone: Someone, slug: str, written: str) -> Open:
        """Lay an edition open; 404 for one that never was and is not to come."""
        key, desk = self.key(written), self.desk(slug)
        newsletter = self.door.settings.newsletters[slug]
        if key.kind is Kind.DAILY and key.serial == 1:
            text = desk.texts.open(key.day, window_of(someone))
            is_to_come = key.day >= self.door.today(slug)
            if text.edition is None and not is_to_come and not text.history and text.source is None:
                raise HTTPException(404)
            return Open(key=key, desk=desk, newsletter=newsletter, text=text, edition=text.edition)
        with self.door.reading() as session:
            edition = editions.find(session, slug, key.day, key.kind, key.serial)
        if edition is None:
            raise HTTPException(404)
        return Open(key=key, desk=desk, newsletter=newsletter, text=OpenText.of_row(edition), edition=edition)

    def persona(self, someone: Someone, newsletter: NewsletterSettings, view: View) -> Persona:
        """Return through whose eyes somebody looks: their own address, in the language they chose."""
        return Persona(language=view.reader or newsletter.language, address=someone.address)

    def look(self, opened: Open, text: str, persona: Persona) -> Preview:
        """Return what a text would be, or what went out; asked again for its frame, it is there already."""
        revision = opened.edition.revision if opened.edition and opened.has_begun else 0
        known = "\0".join(
            (
                opened.desk.morning.slug,
                str(opened.key),
                persona.language,
                persona.address,
                str(revision),
                text,
            )
        )
        name = hashlib.blake2b(known.encode("utf-8", "replace"), digest_size=16).hexdigest()
        minute = self.door.now().replace(second=0, microsecond=0).isoformat()  # what is known may change
        name = f"{name} {minute}"
        with self._lock:
            if name in self._looks:
                return self._looks[name]
        shown = self._look(opened, text, persona)
        with self._lock:
            self._looks[name] = shown
            while len(self._looks) > KEPT:
                self._looks.popitem(last=False)
        return shown

    def look_anew(self, opened: Open, text: str, persona: Persona) -> Preview:
        """Return what a text would be in the place of what went out."""
        return opened.desk.previewer.look(
            text,
            day=opened.key.day,
            persona=persona,
            now=self.door.now(),
            kind=opened.key.kind,
            serial=opened.key.serial,
        )

    def _look(self, opened: Open, text: str, persona: Persona) -> Preview:
        if opened.has_begun and opened.edition is not None:
            return opened.desk.previewer.as_sent(opened.edition, persona=persona, now=self.door.now())
        return self.look_anew(opened, text, persona)

    def forget_looks(self) -> None:
        """Look anew: something that a preview tells of was found out just now."""
        with self._lock:
            self._looks.clear()

    def path(self, slug: str, key: Key | date, tail: str = "") -> str:
        """Return where an edition's page is."""
        return f"/staff/{slug}/editions/{key}{tail}"

    def act(
        self,
        request: Request,
        someone: Someone,
        slug: str,
        written: str,
        *,
        what: str,
        do: Callable[[Session], Result],
        said: str,
        back: str = "",
        **values: str | int,
    ) -> Response:
        """Do something in one transaction, write down who did, and go back to the edition's page.

        What cannot be done is said on that page, and nothing is changed.
        """
        key, now = self.key(written), self.door.now()
        to = back or self.path(slug, key)
        try:
            with self.door.writing() as session:
                do(session)
                self.staff.audit(session, someone, what, newsletter=slug, about=str(key), now=now)
        except NewsletterError as error:
            return self.refuse(to, error)
        response = self.staff.go(to)
        self.staff.notice(response, said, **values)
        return response

    def refuse(self, to: str, error: NewsletterError) -> Response:
        """Go back to a page that says why nothing was done."""
        response = self.staff.go(to)
        self.staff.notice(response, "desk.refused", why=str(error)[:600])
        return response


def window_of(someone: Someone) -> str:
    """Return whose window it is: names may be the same."""
    return str(someone.person_id)
