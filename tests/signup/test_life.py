"""A subscriber's life, on every path that Hypothesis can think of: the rules hold after each step.

Forms that anybody sends, buttons that only the person can press, an admin's acts, the scanners that
open every link, and time, which passes.
"""

from __future__ import annotations

import tempfile
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sqlalchemy import inspect, select

from newsletter.database import connect
from newsletter.signup import forgetting, membership
from newsletter.signup.requests import Wish
from subscribers import (
    AddressChange,
    Cadence,
    CannotLift,
    Consent,
    Event,
    Evidence,
    Purpose,
    Reason,
    Status,
    Subscriber,
    Subscription,
    Suppression,
    TransitionNotAllowed,
    apply,
    erase,
    lift,
    normalise,
    suppress_address,
)
from tests.signup.support import PRESS, House
from tests.support import KEYS, SLUG, open_database

MEMORY = Path("/dev/shm")  # a life writes to its database a thousand times
EVERYBODY = [f"{name}@example.com" for name in ("ada", "bob", "cyd", "dan", "eve")]
PEOPLE = st.sampled_from(EVERYBODY)
LISTS = (SLUG, "cars")
NEWSLETTERS = st.sampled_from([SLUG, *LISTS])
WHICH = st.integers(0, 9)
TABLES = (Subscriber, Subscription, Consent, Suppression, AddressChange)
BACK = {Event.CONFIRMED, Event.UNDONE}  # by which alone somebody who has left is a reader again


@cache
def empty_database() -> bytes:
    """Return a database in which nobody is; made once, it takes as long as a life."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "newsletter.db"
        open_database(f"sqlite:///{file}").close()
        return file.read_bytes()


class Life(RuleBasedStateMachine):
    """A few people, two newsletters, and everything that may happen to them."""

    @initialize()
    def open(self) -> None:
        """Open an empty house."""
        self.folder = tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None)
        file = Path(self.folder.name) / "newsletter.db"
        file.write_bytes(empty_database())
        self.house = House(connect(f"sqlite:///{file}"))
        self.consents: dict[int, tuple[int, str, Event, datetime, str]] = {}
        self.listed: list[tuple[str, str, Status]] = []

    def teardown(self) -> None:
        """Close the house."""
        if hasattr(self, "house"):
            self.house.database.close()
            self.folder.cleanup()

    # ---- anybody ----

    @rule(who=PEOPLE, newsletter=NEWSLETTERS, wish=st.sampled_from([Wish.SUBSCRIBE, *Wish]))
    def somebody_sends_a_form_and_is_answered(self, who: str, newsletter: str, wish: Wish) -> None:
        self.house.slug = newsletter
        before, never = len(self.house.transport.kept), self.suppressed()
        self.house.ask(who, wish)
        self.house.answer()
        for kept in self.house.transport.kept[before:]:
            assert kept.copy.address not in never

    @rule(who=PEOPLE, newsletter=NEWSLETTERS)
    def somebody_subscribes_properly(self, who: str, newsletter: str) -> None:
        self.somebody_sends_a_form_and_is_answered(who, newsletter, Wish.SUBSCRIBE)
        self.the_person_presses_a_button_of_a_mail(who, "confirm")

    @rule(hours=st.sampled_from([1, 2, 25, 24 * 8]))
    def time_passes(self, hours: int) -> None:
        self.house.clock.forward(timedelta(hours=hours))

    @rule(guess=st.text("0123456789abcdefghijklmnopqrstuvwxyzABC._-", max_size=60))
    def scanners_open_every_link_and_others_guess(self, guess: str) -> None:
        before = self.everything()
        words = " ".join(kept.filled.text for who in EVERYBODY for kept in self.house.mails(who)).split()
        tokens = {word.rpartition("/")[2] for word in words if word.startswith("https://")}
        for token in [*tokens, guess]:
            for purpose in Purpose:
                self.house.read(
                    lambda s, p=purpose, t=token: membership.whose(s, KEYS, p, t, now=self.house.now)
                )
            for act in (membership.leave, membership.undo):  # no mail holds a link to these
                assert self.house.act(act, token, evidence=PRESS) is None
        assert self.everything() == before

    # ---- the person ----

    @precondition(lambda self: self.standing(Status.LEFT))
    @rule(which=WHICH, in_vain=st.booleans())
    def somebody_asks_for_one_who_left(self, which: int, in_vain: bool) -> None:
        who, newsletter, _ = self.one(Status.LEFT, which)
        self.somebody_sends_a_form_and_is_answered(who, newsletter, Wish.SUBSCRIBE)
        if in_vain:
            self.a_night_comes(31)

    @precondition(lambda self: self.listed)
    @rule(which=WHICH, page=st.sampled_from(["confirm", "confirm", "disown", "data"]))
    def a_button_of_the_newest_mail_is_pressed(self, which: int, page: str) -> None:
        self.the_person_presses_a_button_of_a_mail(self.one(None, which)[0], page)

    def the_person_presses_a_button_of_a_mail(self, who: str, page: str) -> None:
        act = {"confirm": membership.confirm, "disown": membership.disown, "data": membership.be_forgotten}[
            page
        ]
        try:
            token = self.house.token(page, who)
        except AssertionError:
            return
        never = self.suppressed()
        before = {slug: self.house.status(who, slug) for slug in LISTS}
        more = {} if page == "data" else {"evidence": PRESS}
        self.house.act(act, token, **more)
        if who in never:
            after = {slug: self.house.status(who, slug) for slug in LISTS}
            assert all(after[slug] in (before[slug], Status.LEFT) for slug in after)

    @precondition(lambda self: self.standing(Status.ACTIVE))
    @rule(which=WHICH, everything=st.booleans(), sorry=st.booleans())
    def a_reader_leaves_and_is_perhaps_sorry(self, which: int, everything: bool, sorry: bool) -> None:
        who = self.leave(Status.ACTIVE, which, everything=everything)
        if sorry:
            undone = self.undo(who)
            never = who in self.suppressed()
            assert undone is not never
            assert self.house.status(who) is (Status.LEFT if never else Status.ACTIVE)

    @precondition(lambda self: self.standing(Status.PENDING))
    @rule(which=WHICH)
    def somebody_still_to_confirm_leaves_and_is_no_reader_by_being_sorry(self, which: int) -> None:
        who = self.leave(Status.PENDING, which)
        self.undo(who)
        assert self.house.status(who) is Status.LEFT

    @precondition(lambda self: self.standing(Status.LEFT))
    @rule(which=WHICH, hours=st.sampled_from([0, 2]))
    def somebody_who_left_is_sorry_only_for_an_hour(self, which: int, hours: int) -> None:
        who, self.house.slug, _ = self.one(Status.LEFT, which)
        self.house.clock.forward(timedelta(hours=hours))
        assert not (self.undo(who) and hours)

    @precondition(lambda self: self.listed)
    @rule(which=WHICH, cadence=st.sampled_from(Cadence), days=st.integers(1, 300))
    def somebody_has_preferences(self, which: int, cadence: Cadence, days: int) -> None:
        who, self.house.slug, before = self.one(None, which)
        token = self.token(Purpose.MANAGE, who)
        self.house.act(membership.prefer, token, cadence=cadence)
        until = self.house.today + timedelta(days=days)
        self.house.act(membership.pause, token, until=until, today=self.house.today)
        assert self.house.status(who) is before

    # ---- the admin, and the machines ----

    @rule(who=PEOPLE, newsletter=NEWSLETTERS)
    def an_admin_enrols(self, who: str, newsletter: str) -> None:
        self.house.slug = newsletter
        before = self.house.status(who, newsletter)
        try:
            self.house.write(
                lambda session: apply(
                    session,
                    KEYS.addresses,
                    normalise(who),
                    newsletter=newsletter,
                    event=Event.ENROLLED,
                    evidence=Evidence(origin="a list from elsewhere"),
                    now=self.house.now,
                )
            )
        except TransitionNotAllowed:
            # Whoever has left stays so, even when somebody asked for them since and they are pending.
            assert self.house.status(who, newsletter) is before
            assert before in (Status.LEFT, Status.PENDING)
            person = self.house.person(who)
            assert person
            listed = self.house.read(lambda s: s.get_one(Subscription, (newsletter, person.id)))
            assert listed.left_at

    @precondition(lambda self: self.listed and len(self.suppressed()) < 2)
    @rule(which=WHICH, reason=st.sampled_from(Reason))
    def a_mailbox_bounces_or_complains(self, which: int, reason: Reason) -> None:
        who, _, _ = self.one(None, which)
        digest = KEYS.addresses.digest(normalise(who))
        self.house.write(lambda session: suppress_address(session, digest, reason=reason, now=self.house.now))

    @precondition(lambda self: self.listed)
    @rule(which=WHICH)
    def a_mailbox_bounces_and_an_admin_lifts_it(self, which: int) -> None:
        who, _, _ = self.one(None, which)
        person = self.house.person(who)
        assert person
        self.house.suppress(who, Reason.BOUNCED)
        try:
            self.house.write(
                lambda session: lift(session, session.merge(person), reason="asked", now=self.house.now)
            )
        except CannotLift:
            assert who in self.suppressed()
        else:
            assert Status.ACTIVE not in [self.house.status(who, slug) for slug in LISTS]

    @precondition(lambda self: len(self.listed) > 2)
    @rule(which=WHICH)
    def an_admin_forgets(self, which: int) -> None:
        who, _, _ = self.one(None, which)
        self.house.write(lambda session: erase(session, KEYS.addresses, normalise(who), now=self.house.now))

    @rule(days=st.sampled_from([1, 31]))
    def a_night_comes(self, days: int) -> None:
        self.house.clock.forward(timedelta(days=days))
        before = self.standing(Status.ACTIVE)
        self.house.write(lambda session: forgetting.forget_unconfirmed(session, KEYS, now=self.house.now))
        self.look_who_stands_where()
        assert self.standing(Status.ACTIVE) == before
        left = {row.subscriber_id for row in self.house.read(lambda s: s.scalars(select(Consent)).all())}
        self.consents = {id_: row for id_, row in self.consents.items() if row[0] in left}

    # ---- what holds after every step ----

    @invariant()
    def consent_only_grows(self) -> None:
        if not hasattr(self, "house"):
            return
        rows = self.house.read(lambda session: session.scalars(select(Consent)).all())
        now = {row.id: (row.subscriber_id, row.newsletter, row.event, row.at, row.origin) for row in rows}
        for id_, row in self.consents.items():
            assert now.get(id_) == row
        self.consents = now

    @invariant()
    def only_the_person_ends_having_left(self) -> None:
        if not hasattr(self, "house"):
            return
        rows = self.house.read(lambda session: session.scalars(select(Consent).order_by(Consent.id)).all())
        has_left: set[tuple[int, str]] = set()
        is_reader: set[tuple[int, str]] = set()
        for act in rows:
            key = (act.subscriber_id, act.newsletter)
            if act.event is Event.LEFT:
                has_left.add(key)
                is_reader.discard(key)
            elif act.event in BACK:
                has_left.discard(key)
                is_reader.add(key)
            elif act.event is Event.ENROLLED:
                assert key not in has_left
                is_reader.add(key)
            elif act.event is Event.LIFTED:
                is_reader.discard(key)
        readers = self.house.read(
            lambda s: s.scalars(select(Subscription).where(Subscription.status == Status.ACTIVE)).all()
        )
        assert {(listed.subscriber_id, listed.newsletter) for listed in readers} == is_reader

    @invariant()
    def look_who_stands_where(self) -> None:
        if hasattr(self, "house"):
            rows = [(who, slug, self.house.status(who, slug)) for who in EVERYBODY for slug in LISTS]
            self.listed = [(who, slug, status) for who, slug, status in rows if status]

    @invariant()
    def no_mail_is_sent_twice(self) -> None:
        if hasattr(self, "house"):
            refs = [kept.copy.ref for kept in self.house.transport.kept]
            assert len(set(refs)) == len(refs)

    # ---- acting and looking ----

    def standing(self, status: Status | None) -> list[tuple[str, str, Status]]:
        """Return who stands so, on which list."""
        return [row for row in self.listed if status in (None, row[2])]

    def one(self, status: Status | None, which: int) -> tuple[str, str, Status]:
        """Return one of those who stand so."""
        rows = self.standing(status)
        return rows[which % len(rows)]

    def token(self, purpose: Purpose, who: str) -> str:
        """Return a token as our pages and editions hold it."""
        person = self.house.person(who)
        assert person
        return self.house.sign(purpose, person.id)

    def leave(self, status: Status, which: int, *, everything: bool = False) -> str:
        """Let somebody who stands so leave, and return who it was."""
        who, self.house.slug, _ = self.one(status, which)
        leave = self.token(Purpose.LEAVE, who)
        assert self.house.act(membership.leave, leave, evidence=PRESS, everything=everything)
        left = [self.house.status(who, slug) for slug in (LISTS if everything else [self.house.slug])]
        assert set(left) <= {None, Status.LEFT}
        return who

    def undo(self, who: str) -> bool:
        """Let somebody take leaving back, and say whether it was."""
        undo = self.token(Purpose.UNDO, who)
        return self.house.act(membership.undo, undo, evidence=PRESS) is not None

    def everything(self) -> list[list[tuple[object, ...]]]:
        """Return all that anybody is."""
        return self.house.read(
            lambda session: [
                [tuple(row) for row in session.execute(select(*inspect(table).columns))] for table in TABLES
            ]
        )

    def suppressed(self) -> set[str]:
        """Return who is never mailed."""
        hashes = self.house.read(lambda session: set(session.scalars(select(Suppression.address_hash))))
        return {who for who in EVERYBODY if KEYS.addresses.digest(normalise(who)) in hashes}


TestLife = Life.TestCase
TestLife.settings = settings(
    max_examples=60,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
