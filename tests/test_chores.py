"""Jobs: counted before they are asked, done once, and stopped when told to."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select, text

from newsletter import chores
from newsletter.chores import Chores, spool_of
from newsletter.importing import look
from newsletter.reports import jobs
from newsletter.reports.jobs import Job
from newsletter.reports.spool import TooLarge
from newsletter.reports.states import JobHasMovedOn, JobKind, JobState
from newsletter.schedule import Worker
from subscribers import Consent, Event, Status, Subscriber, Suppression, census, highest
from tests.support import KEYS, SEVEN, SLUG, Reader, add, readers
from tests.web.support import House, a_house


@pytest.fixture
def house(database_url: str, tmp_path: Path) -> Iterator[House]:
    opened = a_house(tmp_path, url=database_url, spool=tmp_path / "spool")
    opened.app.keys = KEYS
    with opened.writing() as session:
        add(session, readers(30, domain="qq.com"))
        add(session, [Reader(address=f"p{n}@163.com", status=Status.PENDING) for n in range(1, 4)])
        if not opened.app.database.is_sqlite:  # they brought their numbers along
            session.execute(text("SELECT setval(pg_get_serial_sequence('subscriber', 'id'), 1000)"))
    yield opened
    opened.app.close()


def worker(house: House, owner: str = "w1") -> Chores:
    return Chores(app=house.app, owner=owner)


def written(house: House, kind: JobKind, segment: str) -> int:
    with house.writing() as session:
        job = jobs.write_down(
            session,
            SLUG,
            kind,
            asked={"segment": segment},
            because="they asked by letter",
            by_whom="张三",
            upto=highest(session, SLUG),
            now=house.clock(),
        )
        return job.id


def work(house: House) -> None:
    while worker(house).step():
        pass


def the(house: House, job_id: int) -> Job:
    with house.app.database.readers() as session:
        found = jobs.find(session, SLUG, job_id)
    assert found
    return found


def approve(house: House, job_id: int, number: int) -> None:
    with house.writing() as session:
        job = jobs.find(session, SLUG, job_id, lock=True)
        assert job
        jobs.approve(job, number=number, now=house.clock())


def left(house: House) -> int:
    with house.app.database.readers() as session:
        return session.scalar(select(func.count(Consent.id)).where(Consent.event == Event.LEFT)) or 0


def test_a_job_counts_and_then_waits_for_a_person_who_types_the_number(house: House) -> None:
    job_id = written(house, JobKind.LEAVE, "domain = qq.com")

    work(house)
    counted = the(house, job_id)
    with pytest.raises(JobHasMovedOn):
        approve(house, job_id, 29)
    work(house)

    assert (counted.state, counted.total) == (JobState.ASKED, 30)
    assert left(house) == 0


def test_a_job_is_done_once_whoever_dies_in_the_middle(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chores, "CHANGED_AT_ONCE", 4)
    monkeypatch.setattr(chores, "SLICES", 2)
    job_id = written(house, JobKind.LEAVE, "domain = qq.com")
    work(house)
    approve(house, job_id, 30)

    worker(house, "dies").step()
    assert not worker(house, "other").step()  # the lease is another's
    house.clock.forward(jobs.LEASE)
    while worker(house, "other").step():
        pass

    job = the(house, job_id)
    assert (job.state, job.done, job.tally) == (JobState.DONE, 30, {"changed": 30})
    assert left(house) == 30


def test_a_job_that_is_stopped_changes_nobody_else(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chores, "CHANGED_AT_ONCE", 4)
    monkeypatch.setattr(chores, "SLICES", 2)
    job_id = written(house, JobKind.LEAVE, "domain = qq.com")
    work(house)
    approve(house, job_id, 30)
    worker(house).step()

    with house.writing() as session:
        job = jobs.find(session, SLUG, job_id, lock=True)
        assert job
        jobs.stop(job, now=house.clock())
    work(house)

    assert the(house, job_id).state is JobState.STOPPED
    assert left(house) == 8


def test_who_joins_after_a_job_was_written_down_is_not_meant(house: House) -> None:
    job_id = written(house, JobKind.BLOCK, "domain = qq.com")
    with house.writing() as session:
        add(session, readers(1, domain="late.qq.com"))

    work(house)
    approve(house, job_id, 30)
    work(house)

    assert the(house, job_id).tally == {"changed": 30}
    with house.app.database.readers() as session:
        assert session.scalar(select(func.count()).select_from(Suppression)) == 30


def test_confirmation_mails_go_only_to_who_has_not_confirmed_and_once_a_day(house: House) -> None:
    job_id = 0
    for _ in range(2):
        job_id = written(house, JobKind.RECONFIRM, "id > 0")
        work(house)
        approve(house, job_id, 33)
        work(house)

    assert the(house, job_id).tally == {"too_often": 3, "unchanged": 30}
    assert len(house.mails("confirm")) == 3


def test_erasing_many_forgets_who_they_were_and_keeps_that_they_left(house: House) -> None:
    job_id = written(house, JobKind.ERASE, "domain = 163.com")
    work(house)
    approve(house, job_id, 3)
    work(house)

    with house.app.database.readers() as session:
        gone = session.scalars(select(Subscriber).where(Subscriber.erased_at.is_not(None))).all()
    assert {(person.address, person.domain) for person in gone} == {(None, None)}
    assert len(gone) == 3
    assert left(house) == 3


# ---- imports ----

CSV = "email,name,tags\n" + "".join(f"new{n}@qq.com,=cmd|{n},vip\n" for n in range(40)) + "nonsense,x,\n"


def uploaded(house: House, content: bytes, **asked: object) -> int:
    spool = spool_of(house.app)
    name = spool.put([content])
    with house.writing() as session:
        return jobs.write_down(
            session,
            SLUG,
            JobKind.IMPORT,
            asked={"spool": name, "file": "list.csv", **asked},
            because="the shop's form",
            by_whom="张三",
            now=house.clock(),
        ).id


def test_an_import_is_tried_out_first_and_then_done(house: House) -> None:
    job_id = uploaded(house, CSV.encode())
    spool = spool_of(house.app)
    name = str(the(house, job_id).asked["spool"])

    work(house)
    tried = the(house, job_id)
    with house.app.database.readers() as session:
        before = session.scalar(select(func.count()).select_from(Subscriber))
    approve(house, job_id, 41)
    work(house)

    assert (tried.state, tried.tally["new"], tried.tally["dry"], before) == (JobState.ASKED, 40, True, 33)
    done = the(house, job_id)
    assert (done.state, done.tally["new"]) == (JobState.DONE, 40)
    errors = spool.errors(name).read_text(encoding="utf-8-sig").splitlines()
    assert errors[0] == "file,line,why,row"
    assert "nonsense" in errors[1]
    assert not spool.has(name)


def test_an_import_that_was_interrupted_adds_nobody_twice(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("subscribers.transfer.importer.GROUP", 1)
    monkeypatch.setattr("subscribers.transfer.reading.CHUNK_ROWS", 15)
    job_id = uploaded(house, CSV.encode())
    work(house)
    approve(house, job_id, 41)
    looks = iter([False, False, True])  # two groups are in, and then the worker is to end

    Chores(app=house.app, owner="ends", is_over=lambda: next(looks)).step()
    halfway = the(house, job_id)
    work(house)

    done = the(house, job_id)
    assert (halfway.state, halfway.owner) == (JobState.WAITING, None)
    assert (done.state, done.tally["new"], done.tally["people"]) == (JobState.DONE, 10, {"active": 40})
    with house.app.database.readers() as session:
        assert session.scalar(select(func.count()).select_from(Subscriber)) == 73


def test_a_job_that_cannot_be_done_keeps_no_other_back(house: House) -> None:
    with house.writing() as session:
        lost = jobs.write_down(
            session,
            "gone",  # a newsletter that was taken from the settings
            JobKind.LEAVE,
            asked={"segment": "id > 0"},
            because="x",
            by_whom="张三",
            upto=40,
            now=house.clock(),
        )
    job_id = written(house, JobKind.LEAVE, "domain = qq.com")

    work(house)

    with house.app.database.readers() as session:
        assert session.get_one(Job, lost.id).state is JobState.FAILED
    assert the(house, job_id).state is JobState.ASKED


def test_what_is_no_list_fails_with_the_reason(house: House) -> None:
    job_id = uploaded(house, b"%PDF-1.7 ...")

    work(house)

    job = the(house, job_id)
    assert job.state is JobState.FAILED
    assert "PDF" in (job.problem or "")


def test_an_import_whose_file_lies_on_another_host_is_left_to_that_host(house: House) -> None:
    job_id = uploaded(house, CSV.encode())
    spool_of(house.app).remove(str(the(house, job_id).asked["spool"]))

    assert not worker(house).step()
    assert the(house, job_id).state is JobState.COUNTING


def test_the_spool_is_private_bounded_and_swept(house: House, tmp_path: Path) -> None:
    spool = spool_of(house.app)
    name = spool.put([b"email\n"])
    small = type(spool)(tmp_path / "small", max_bytes=10)
    with pytest.raises(TooLarge):
        small.put([b"x" * 8, b"x" * 8])
    for wrong in ("../keys.toml", "a" * 31, "/etc/passwd", name + "/.."):
        with pytest.raises(ValueError, match="spool"):
            spool.path(wrong)

    assert spool.folder.stat().st_mode & 0o777 == 0o700
    assert spool.path(name).stat().st_mode & 0o777 == 0o600
    assert list((tmp_path / "small").iterdir()) == []
    spool.sweep(now=SEVEN + timedelta(days=4000), but=[name])
    assert spool.has(name)
    spool.sweep(now=SEVEN + timedelta(days=4000))
    assert not spool.has(name)


def test_a_look_into_a_file_shows_its_first_people(house: House) -> None:
    spool = spool_of(house.app)
    seen = look(spool.path(spool.put([CSV.encode()])), {}, house.app, SLUG)

    assert seen.rows[0] == ("new0@qq.com", "active", "=cmd|0")
    assert len(seen.rows) == 5


# ---- the census ----


def test_a_long_list_is_counted_by_the_worker_and_a_short_one_at_once(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    zone = house.app.settings.newsletters[SLUG].schedule.tz

    def standing() -> object:
        with house.app.database.readers() as session:
            found = census(session, SLUG, zone=zone, now=house.clock())
        return found and (found.statuses, found.active)

    short = standing()
    monkeypatch.setattr("subscribers.counting.SHORT_LIST", 10)
    uncounted = standing()
    first, second = worker(house).count(), worker(house).count()

    assert short == standing() == ({"active": 30, "pending": 3}, 30)
    assert uncounted is None
    assert (first, second) == (True, False)


def test_the_worker_does_the_jobs_beside_everything_else(house: House) -> None:
    job_id = written(house, JobKind.LEAVE, "domain = 163.com")

    assert Worker(house.app).do_chores()

    assert (the(house, job_id).state, the(house, job_id).total) == (JobState.ASKED, 3)
