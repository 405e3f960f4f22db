"""The reader's own page: pause, how often, language, another address, data, leaving."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta

from fastapi import Request, Response
from sqlalchemy.orm import Session

from newsletter import language
from newsletter.config import LANGUAGES
from newsletter.signup import membership, requests
from newsletter.signup.membership import Member, whose
from newsletter.signup.requests import Wish
from newsletter.web.door import READ, WRITE, Door, Routes
from newsletter.web.forms import Fields, Sent
from newsletter.web.public.calendar import day_of, next_monday
from newsletter.web.visitor import visitor_of
from subscribers import Address, Cadence, InvalidAddress, Purpose, Status, mask, normalise, suppression_of

LONGEST_PAUSE = timedelta(days=366)


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What pressing a button came to, as keys of texts."""

    notice: str | None = None
    problem: str | None = None  # with the new address
    is_bad_day: bool = False
    sent: Fields = field(default_factory=dict)  # what was typed and could not be taken


@dataclass(frozen=True, slots=True)
class Reader:
    """Whose page it is, and how things stand: active, paused, pending, left, or never (suppressed)."""

    member: Member
    address: str
    state: str


class Preferences:
    """The page behind "manage your subscription"."""

    def __init__(self, door: Door) -> None:
        self.door = door

    def routes(self) -> Routes:
        """Return where the page is."""
        return [
            ("/manage/{token}", READ, self.page),
            ("/manage/{token}", WRITE, self.press),
        ]

    def page(self, request: Request, token: str) -> Response:
        """Show how things stand."""
        with self.door.reading() as session:
            reader = self._reader(session, token)
        return self._show(request, reader, Outcome())

    def press(self, request: Request, token: str, sent: Sent) -> Response:
        """Do what a button says, and show how things stand now."""
        with self.door.writing() as session:
            reader, outcome = self._reader(session, token), Outcome()
            if reader:
                outcome = self._act(request, session, token, reader.member, sent)
                session.flush()
                reader = self._reader(session, token)
        return self._show(request, reader, outcome)

    def _reader(self, session: Session, token: str) -> Reader | None:
        member = whose(session, self.door.app.keys, Purpose.MANAGE, token, now=self.door.now())
        if member is None or member.person.address is None:
            return None
        never = suppression_of(session, member.person) is not None
        return Reader(member, member.person.address, "never" if never else self._state(member))

    def _act(self, request: Request, session: Session, token: str, member: Member, sent: Fields) -> Outcome:
        match sent.get("act"):
            case "monday":
                monday = next_monday(self.door.today(member.subscription.newsletter))
                return self._pause(session, token, member, monday, sent)
            case "pause":
                return self._pause(session, token, member, day_of(sent.get("until", "")), sent)
            case "resume":
                self._pause_until(session, token, member, None)
                return Outcome(notice="web.manage.resumed")
            case "prefer":
                return self._prefer(session, token, sent)
            case "move":
                return self._move(request, session, token, member, sent)
            case "data":
                return self._ask(request, session, member, Wish.ERASE, "web.manage.data_asked")
            case "again" if member.subscription.status is not Status.ACTIVE:
                return self._ask(request, session, member, Wish.SUBSCRIBE, "web.manage.confirm_asked")
            case _:
                return Outcome()

    def _pause(
        self, session: Session, token: str, member: Member, until: date | None, sent: Fields
    ) -> Outcome:
        try:
            if until is None:
                raise ValueError("no day was chosen")
            self._pause_until(session, token, member, until)
        except ValueError:
            return Outcome(is_bad_day=True, sent=sent)
        return Outcome()  # the page says until when

    def _pause_until(self, session: Session, token: str, member: Member, until: date | None) -> None:
        today = self.door.today(member.subscription.newsletter)
        keys, now = self.door.app.keys, self.door.now()
        membership.pause(session, keys, token, until=until, today=today, now=now)

    def _prefer(self, session: Session, token: str, sent: Fields) -> Outcome:
        cadence, chosen = sent.get("cadence"), sent.get("language")
        membership.prefer(
            session,
            self.door.app.keys,
            token,
            now=self.door.now(),
            cadence=Cadence(cadence) if cadence in set(Cadence) else None,
            language=chosen if chosen in LANGUAGES else None,
        )
        return Outcome(notice="web.manage.saved")

    def _move(self, request: Request, session: Session, token: str, member: Member, sent: Fields) -> Outcome:
        slug = member.subscription.newsletter
        typed = sent.get("address", "")
        try:
            to = normalise(typed)
        except InvalidAddress:
            problem = "web.signup.invalid" if typed.strip() else "web.signup.empty"
            return Outcome(problem=problem, sent=sent)
        if not self._is_within(request, session, slug):
            return Outcome(notice="web.manage.full", sent=sent)
        membership.ask_to_move(session, self.door.app.mailer(slug), token, to, now=self.door.now())
        return Outcome(notice="web.manage.move_asked")

    def _ask(self, request: Request, session: Session, member: Member, wish: Wish, notice: str) -> Outcome:
        slug = member.subscription.newsletter
        if member.person.address is None or not self._is_within(request, session, slug):
            return Outcome(notice="web.manage.full")
        evidence = visitor_of(request).evidence(
            "preferences page", language=self.door.readers_language(request, member)
        )
        address = Address(member.person.address)
        requests.ask(session, slug, address, wish=wish, evidence=evidence, now=self.door.now())
        return Outcome(notice=notice)

    def _is_within(self, request: Request, session: Session, slug: str) -> bool:
        if slug not in self.door.settings.newsletters:
            return False
        return self.door.admission.within(session, visitor_of(request).network, now=self.door.now())

    def _state(self, member: Member) -> str:
        listed = member.subscription
        if listed.status is not Status.ACTIVE:
            return listed.status.value
        today = self.door.today(listed.newsletter)
        return "paused" if listed.paused_until and listed.paused_until > today else "active"

    def _show(self, request: Request, reader: Reader | None, outcome: Outcome) -> Response:
        if reader is None:
            return self.door.gone(request)
        listed, person = reader.member.subscription, reader.member.person
        slug, tag = listed.newsletter, self.door.readers_language(request, reader.member)
        words, today = language.catalog(tag), self.door.today(slug)
        leave = self.door.app.keys.tokens.sign(Purpose.LEAVE, newsletter=slug, subscriber_id=person.id)
        is_refused = outcome.problem or outcome.is_bad_day
        return self.door.show(
            request,
            "manage",
            slug=slug,
            tag=tag,
            status=422 if is_refused else 200,
            address=mask(reader.address),
            state=reader.state,
            notice=words.say(outcome.notice) if outcome.notice else None,
            paused_until=listed.paused_until,
            tomorrow=today + timedelta(days=1),
            last_day=today + LONGEST_PAUSE,
            until=outcome.sent.get("until", ""),
            bad_day=outcome.is_bad_day,
            cadence=listed.cadence.value,
            language=person.language or self.door.newsletter(slug).language,
            typed=outcome.sent.get("address", ""),
            problem=words.say(outcome.problem) if outcome.problem else None,
            leave=self.door.paths(slug).leave(leave),
            missing=self.door.paths(slug).why(request.path_params["token"]),
        )
