"""People, their roles, links, second factors, tokens and calls, on both databases."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.database import Database
from newsletter.people import audit, calls, invitations, logins, people, second, tokens, totp
from newsletter.people.audit import Actor, at_the_command_line
from newsletter.people.calls import Turn
from newsletter.people.passwords import Passwords, WeakPassword
from newsletter.people.people import AlreadyThere, BadName, LastAdmin
from newsletter.people.rights import ALL, Right, Role
from newsletter.people.tables import AuditEntry, Person, RecoveryCode
from newsletter.people.tokens import BadToken
from subscribers import normalise
from tests.support import SEVEN as NOW

BY = at_the_command_line("root")
KEY = b"k" * 32


def a_person(session: Session, name: str = "li", *roles: tuple[str, Role]) -> Person:
    person = people.add(session, normalise(f"{name}@example.com"), name=name, by=BY, now=NOW)
    for on, role in roles:
        people.grant(session, person, role, on, by=BY, now=NOW)
    return person


def test_an_address_is_one_person_and_a_name_is_no_address(session: Session) -> None:
    a_person(session, "li")

    with pytest.raises(AlreadyThere):
        people.add(session, normalise("Li@Example.com"), name="another", by=BY, now=NOW)
    with pytest.raises(BadName):
        people.add(session, normalise("x@example.com"), name="x@example.com", by=BY, now=NOW)
    assert [person.name for person in people.every(session)] == ["li"]


def test_roles_add_up_and_a_disabled_person_has_none(session: Session) -> None:
    person = a_person(session, "li", ("news", Role.EDITOR), (ALL, Role.VIEWER), ("news", Role.SENDER))

    assert people.rights(session, person.id, "other") == {Right.VIEW}
    on_news = people.rights(session, person.id, "news")
    assert on_news == {Right.VIEW, Right.EDIT, Right.TEST_SEND, Right.PAUSE, Right.SEND}
    people.disable(session, person, by=BY, now=NOW)
    assert people.rights(session, person.id, "news") == frozenset()


def test_the_last_who_manages_people_stays(session: Session) -> None:
    first = a_person(session, "li", (ALL, Role.ADMIN))

    with pytest.raises(LastAdmin):
        people.revoke(session, first, Role.ADMIN, ALL, by=BY, now=NOW)
    with pytest.raises(LastAdmin):
        people.disable(session, first, by=BY, now=NOW)
    other = a_person(session, "han", (ALL, Role.ADMIN))
    people.disable(session, other, by=BY, now=NOW)
    with pytest.raises(LastAdmin):  # a disabled one does not count
        people.revoke(session, first, Role.ADMIN, ALL, by=BY, now=NOW)
    people.enable(session, other, by=BY, now=NOW)
    assert people.revoke(session, first, Role.ADMIN, ALL, by=BY, now=NOW)


def test_only_the_newest_link_of_a_person_works_and_once(session: Session) -> None:
    person = a_person(session)
    old = invitations.invite(session, person, now=NOW)
    new = invitations.invite(session, person, now=NOW)

    assert invitations.use(session, old, now=NOW) is None
    used = invitations.use(session, new, now=NOW)
    assert used
    assert used[1] is person
    assert invitations.use(session, new, now=NOW) is None


def test_of_two_first_admins_one_comes_in(session: Session) -> None:
    one, two = invitations.first(session, now=NOW), invitations.first(session, now=NOW)
    assert one
    assert two

    assert invitations.use(session, one, now=NOW) is not None

    assert invitations.use(session, two, now=NOW) is None


def test_a_new_password_makes_links_and_other_logins_worthless(session: Session) -> None:
    person = a_person(session)
    link = invitations.invite(session, person, now=NOW)
    lasting = logins.Lasting()
    here = logins.begin(session, person, device="here", lasting=lasting, now=NOW)
    there = logins.begin(session, person, device="there", lasting=lasting, now=NOW)

    ended = people.set_password(session, person, "hash", but=here, by=BY, now=NOW)

    assert ended == 1
    assert logins.of(session, here, now=NOW)
    assert logins.of(session, there, now=NOW) is None
    assert invitations.find(session, link, now=NOW) is None


def test_what_is_over_is_forgotten(session: Session) -> None:
    person = a_person(session)
    logins.begin(session, person, device="", lasting=logins.Lasting(), now=NOW)
    invitations.invite(session, person, now=NOW)
    calls.begin(session, "token 1", "key", b"call", now=NOW)
    later = NOW + timedelta(days=8)

    for story in (logins, invitations, calls):
        story.forget(session, now=later)

    assert not logins.current(session, person.id, now=NOW)
    assert calls.begin(session, "token 1", "key", b"other", now=NOW).turn is Turn.MINE


def _with_second(session: Session) -> tuple[Person, bytes, list[str]]:
    person = a_person(session)
    second.prepare(session, person)
    made = second.secret_of(KEY, person)
    code = totp.code(made, totp.step_of(NOW))
    codes = second.turn_on(session, person, code, key=KEY, by=BY, now=NOW)
    assert codes is not None
    return person, made, codes


def test_a_second_factor_takes_each_code_once(session: Session) -> None:
    person, made, _ = _with_second(session)
    later = NOW + timedelta(minutes=2)
    code = totp.code(made, totp.step_of(later))

    # The code that turned it on is spent too.
    assert not second.accept(session, person, totp.code(made, totp.step_of(NOW)), key=KEY, now=NOW)
    assert second.accept(session, person, code, key=KEY, now=later)
    session.refresh(person)
    assert not second.accept(session, person, code, key=KEY, now=later)


def test_two_who_bring_one_code_at_once_are_not_both_let_in(database: Database) -> None:
    with database.sessions.begin() as session:
        person, made, _ = _with_second(session)
    later = NOW + timedelta(minutes=2)
    code = totp.code(made, totp.step_of(later))
    with database.readers() as session:
        seen_before = session.get_one(Person, person.id)

    came = []
    for _ in range(2):  # both read the row before either wrote it
        with database.sessions.begin() as session:
            came.append(second.accept(session, seen_before, code, key=KEY, now=later))

    assert came == [True, False]


def test_a_code_from_paper_stands_in_once(session: Session) -> None:
    person, _, codes = _with_second(session)

    assert second.accept(session, person, codes[0].upper().replace("-", " "), key=KEY, now=NOW)
    assert not second.accept(session, person, codes[0], key=KEY, now=NOW)
    assert second.codes_left(session, person) == 9
    assert not second.accept(session, person, "", key=KEY, now=NOW)


def test_the_database_alone_opens_no_second_factor(session: Session) -> None:
    person, made, codes = _with_second(session)

    assert second.secret_of(b"other key", person) != made
    stored = session.scalars(select(RecoveryCode.code_hash)).all()
    assert not any(code.replace("-", "").encode() in kept for code in codes for kept in stored)


def test_a_token_may_what_its_person_may_and_no_longer_than_it_lasts(session: Session) -> None:
    person = a_person(session)
    token, secret = tokens.add(
        session, person, name="script", scopes={Right.VIEW}, lasting=timedelta(days=1), by=BY, now=NOW
    )

    found = tokens.of(session, secret, now=NOW)
    assert found
    assert found[0] is token
    assert secret.startswith("nl_")
    assert tokens.of(session, secret, now=NOW + timedelta(days=1)) is None
    tokens.revoke(session, token.id, by=BY, now=NOW)
    assert tokens.of(session, secret, now=NOW) is None


def test_a_disabled_persons_tokens_are_worth_nothing(session: Session) -> None:
    person = a_person(session)
    _, secret = tokens.add(
        session, person, name="script", scopes={Right.VIEW}, lasting=timedelta(days=9), by=BY, now=NOW
    )
    people.disable(session, person, by=BY, now=NOW)

    assert tokens.of(session, secret, now=NOW) is None


@pytest.mark.parametrize(
    ("name", "scopes", "days"),
    [("", {Right.VIEW}, 1), ("a@b.example", {Right.VIEW}, 1), ("x", set(), 1), ("x", {Right.VIEW}, 400)],
)
def test_a_token_without_sense_is_refused(session: Session, name: str, scopes: set[Right], days: int) -> None:
    person = a_person(session)

    with pytest.raises(BadToken):
        tokens.add(session, person, name=name, scopes=scopes, lasting=timedelta(days=days), by=BY, now=NOW)


def test_a_call_is_answered_once_and_the_same_again_for_a_day(session: Session) -> None:
    def begin(call: bytes = b"POST /x", *, now: object = NOW) -> Turn:
        return calls.begin(session, "token 1", "k", call, now=now).turn  # type: ignore[arg-type]

    assert begin() is Turn.MINE
    assert begin() is Turn.BUSY
    calls.keep(session, "token 1", "k", began_at=NOW, status=201, answer=b"{}")
    session.expire_all()
    assert begin() is Turn.KEPT
    assert begin(b"POST /y") is Turn.OTHER
    assert calls.begin(session, "token 2", "k", b"POST /y", now=NOW).turn is Turn.MINE
    assert begin(b"POST /y", now=NOW + timedelta(days=1)) is Turn.MINE


def test_a_call_whose_process_died_may_be_made_again_after_ten_minutes(session: Session) -> None:
    calls.begin(session, "token 1", "k", b"POST /x", now=NOW)

    again = calls.begin(session, "token 1", "k", b"POST /x", now=NOW + timedelta(minutes=10))

    assert again.turn is Turn.MINE
    # The first comes back after all: it has lost its key to the second.
    calls.release(session, "token 1", "k", began_at=NOW)
    calls.keep(session, "token 1", "k", began_at=NOW, status=500, answer=b"late")
    late = NOW + timedelta(minutes=11)
    assert calls.begin(session, "token 1", "k", b"POST /x", now=late).turn is Turn.BUSY


def test_the_log_holds_no_address_and_shows_what_one_may_see(session: Session) -> None:
    zhang = Actor(name="张三", person_id=7)
    facts = {"to": ["li.lei@qq.com", "plain"], "why": "asked by han@example.com"}
    audit.write(session, zhang, "edition.tested", about="x@y.example", newsletter="a", facts=facts, now=NOW)
    audit.write(session, zhang, "edition.sent", newsletter="b", now=NOW)

    entry = session.scalars(select(AuditEntry).order_by(AuditEntry.id)).first()
    assert entry is not None
    assert entry.about == "x***@y.example"
    assert entry.facts == {"to": ["l***@qq.com", "plain"], "why": "asked by h***@example.com"}
    assert [each.what for each in audit.latest(session, newsletters=["b"])] == ["edition.sent"]
    assert [each.newsletter for each in audit.latest(session)] == ["b", "a"]


def test_a_password_is_kept_as_argon2id_and_made_anew_when_the_cost_rises() -> None:
    cheap, dear = Passwords(memory_kib=64, rounds=1), Passwords(memory_kib=128, rounds=1)
    kept = cheap.hash("correct horse battery")

    assert kept.startswith("$argon2id$")
    assert cheap.check(kept, "correct horse battery").new_hash is None
    checked = dear.check(kept, "correct horse battery")
    assert checked.is_right
    assert checked.new_hash
    assert checked.new_hash != kept
    assert not dear.check(kept, "correct horse batterz").is_right
    assert not dear.check(None, "nobody has this password").is_right
    assert not dear.check("no hash at all", "x").is_right


@pytest.mark.parametrize("password", ["short", "aaaaaaaaaaaaaaaaaa", "", "x" * 1025])
def test_a_weak_password_is_refused(password: str) -> None:
    with pytest.raises(WeakPassword):
        Passwords(memory_kib=64, rounds=1).hash(password)
