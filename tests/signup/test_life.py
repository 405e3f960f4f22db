"""A subscriber's life, on every path that Hypothesis can think of: the rules hold after each step.

Forms that anybody sends, buttons that only the person can press, an admin's acts, the scanners that
open every link, and time, which passes.
"""

from __future__ import annotations

import tempfile
from datetime import datetime, timedelta
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sqlalchemy import inspect, select

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

ADA, BOB = "ada@example.com", "bob@example.com"
PEOPLE = st.sampled_from([ADA, BOB])
NEWSLETTERS = st.sampled_from([SLUG, "cars"])
TABLES = (Subscriber, Subscription, Consent, Suppression, AddressChange)
BACK = {Event.CONFIRMED, Event.UNDONE}  # by which alone somebody who has left is a reader again


class Life(RuleBasedStateMachine):
    """Two people, two newsletters, and everything that may happen to them."""

    @initialize()
    def open(self) -> None:
        """Open an empty house."""
        self.folder = tempfile.TemporaryDirectory()
        self.house = House(open_database(f"sqlite:///{Path(self.folder.name) / 'newsletter.db'}"))
        self.tokens: list[str] = []
        self.consents: dict[int, tuple[int, str, Event, datetime, str]] = {}

    def teardown(self) -> None:
        """Close the house."""
        if hasattr(self, "house"):
            self.house.database.close()
            self.folder.cleanup()

    # ---- anybody ----

    @rule(who=PEOPLE, newsletter=NEWSLETTERS, wish=st.sampled_from(Wish))
    def somebody_sends_a_form(self, who: str, newsletter: str, wish: Wish) -> None:
        self.house.slug = newsletter
        self.house.ask(who, wish)

    @rule(newsletter=NEWSLETTERS)
    def the_worker_answers(self, newsletter: str) -> None:
        self.house.slug = newsletter
        before = len(self.house.transport.kept)
        never = self.suppressed()
        self.house.answer()
        for kept in self.house.transport.kept[before:]:
            assert kept.copy.address not in never

    @rule(hours=st.sampled_from([1, 5, 25, 24 * 8, 24 * 31]))
    def time_passes(self, hours: int) -> None:
        self.house.clock.forward(timedelta(hours=hours))

    @rule()
    def scanners_open_every_link(self) -> None:
        before = self.everything()
        for who in (ADA, BOB):
            for kept in self.house.mails(who):
                words = kept.filled.text.split()
                for url in filter(lambda word: word.startswith("https://"), words):
                    token = url.rpartition("/")[2]
                    self.tokens.append(token)
                    for purpose in Purpose:
                        self.house.read(
                            lambda s, p=purpose, t=token: membership.whose(s, KEYS, p, t, now=self.house.now)
                        )
        assert self.everything() == before

    # ---- the person ----

    @rule(who=PEOPLE, page=st.sampled_from(["confirm", "disown", "data"]))
    def the_person_presses_a_button_of_a_mail(self, who: str, page: str) -> None:
        act = {"confirm": membership.confirm, "disown": membership.disown, "data": membership.be_forgotten}[
            page
        ]
        try:
            token = self.house.token(page, who)
        except AssertionError:
            return
        more = {} if page == "data" else {"evidence": PRESS}
        self.house.act(act, token, **more)

    @rule(who=PEOPLE, newsletter=NEWSLETTERS, everything=st.booleans(), sorry=st.booleans())
    def the_person_leaves_and_is_perhaps_sorry(
        self, who: str, newsletter: str, everything: bool, sorry: bool
    ) -> None:
        person = self.house.person(who)
        if person is None:
            return
        self.house.slug = newsletter
        before = self.house.status(who)
        leave = self.house.sign(Purpose.LEAVE, person.id)
        self.house.act(membership.leave, leave, evidence=PRESS, everything=everything)
        assert self.house.status(who) in (None, Status.LEFT)
        if sorry and before is not Status.LEFT:
            undo = self.house.sign(Purpose.UNDO, person.id)
            undone = self.house.act(membership.undo, undo, evidence=PRESS)
            if who in self.suppressed():
                assert undone is None
            elif before is Status.ACTIVE:
                assert self.house.status(who) is Status.ACTIVE
            else:
                assert self.house.status(who) is not Status.ACTIVE

    @rule(who=PEOPLE, newsletter=NEWSLETTERS, cadence=st.sampled_from(Cadence), days=st.integers(1, 300))
    def the_person_has_preferences(self, who: str, newsletter: str, cadence: Cadence, days: int) -> None:
        person = self.house.person(who)
        if person is None:
            return
        self.house.slug = newsletter
        before = self.house.status(who)
        token = self.house.sign(Purpose.MANAGE, person.id)
        self.house.act(membership.prefer, token, cadence=cadence)
        until = self.house.today + timedelta(days=days)
        self.house.act(membership.pause, token, until=until, today=self.house.today)
        assert self.house.status(who) is before

    @rule(token=st.text("0123456789abcdefghijklmnopqrstuvwxyzABC._-", max_size=60))
    def somebody_guesses(self, token: str) -> None:
        before = self.everything()
        for act in (membership.confirm, membership.leave, membership.undo, membership.disown):
            assert self.house.act(act, token, evidence=PRESS) is None
        assert self.everything() == before

    @precondition(lambda self: self.tokens)
    @rule(data=st.data())
    def somebody_takes_a_link_for_another(self, data: st.DataObject) -> None:
        token = data.draw(st.sampled_from(self.tokens))
        wrong = {Purpose.LEAVE: membership.leave, Purpose.UNDO: membership.undo}
        before = self.everything()
        for act in wrong.values():
            assert self.house.act(act, token, evidence=PRESS) is None
        assert self.everything() == before

    # ---- the admin, and the machines ----

    @rule(who=PEOPLE, newsletter=NEWSLETTERS)
    def an_admin_enrols(self, who: str, newsletter: str) -> None:
        self.house.slug = newsletter
        person = self.house.person(who)
        listed = person and self.house.read(lambda s: s.get(Subscription, (newsletter, person.id)))
        if listed and listed.status is Status.PENDING and listed.left_at:
            return  # somebody asked for one who had left: an import keeps them out, see decisions.py
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
            assert self.house.status(who) is Status.LEFT

    @rule(who=PEOPLE, reason=st.sampled_from(Reason))
    def a_mailbox_bounces_or_complains(self, who: str, reason: Reason) -> None:
        digest = KEYS.addresses.digest(normalise(who))
        self.house.write(lambda session: suppress_address(session, digest, reason=reason, now=self.house.now))

    @rule(who=PEOPLE)
    def an_admin_lifts_a_bounce(self, who: str) -> None:
        person = self.house.person(who)
        if person is None:
            return
        try:
            lifted = self.house.write(
                lambda session: lift(session, session.merge(person), reason="asked", now=self.house.now)
            )
        except CannotLift:
            assert who in self.suppressed()
            return
        if lifted:
            assert Status.ACTIVE not in [self.house.status(who, slug) for slug in (SLUG, "cars")]

    @rule(who=PEOPLE)
    def an_admin_forgets(self, who: str) -> None:
        self.house.write(lambda session: erase(session, KEYS.addresses, normalise(who), now=self.house.now))

    @rule()
    def the_night_passes(self) -> None:
        self.house.write(lambda session: forgetting.forget_unconfirmed(session, KEYS, now=self.house.now))
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
    def no_mail_is_sent_twice(self) -> None:
        if hasattr(self, "house"):
            refs = [kept.copy.ref for kept in self.house.transport.kept]
            assert len(set(refs)) == len(refs)

    # ---- looking ----

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
        return {who for who in (ADA, BOB) if KEYS.addresses.digest(normalise(who)) in hashes}


TestLife = Life.TestCase
TestLife.settings = settings(
    max_examples=25,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
