"""A morning that is killed, then paused, revised, resumed and corrected: nobody has two, doubt is counted."""

from __future__ import annotations

import hashlib
import signal
import time
from pathlib import Path

from newsletter.config import load
from newsletter.delivery import books, control, received
from newsletter.delivery.states import State
from newsletter.editions import edition as editions
from newsletter.morning import Correction, Revision, read_digest
from tests.run_morning import Lifted
from tests.support import DAY, SLUG
from tests.test_ten_thousand import FEW, far_side, install, start


def test_killed_revised_and_corrected_the_first_get_the_correction_and_no_one_two(tmp_path: Path) -> None:
    with far_side("smtp", tmp_path) as far:
        config = install(tmp_path, far, FEW)
        process = start(config)
        while process.poll() is None and sum(far.kept().values()) < FEW * 0.3:
            time.sleep(0.005)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        first = set(far.kept())
        app = Lifted(load(config))
        press = app.press(SLUG)
        mended = tmp_path / "mended.md"
        mended.write_text((tmp_path / f"digests/{DAY}.md").read_text().replace("一千公里", "七百公里"))
        with app.database.sessions.begin() as session:
            edition = editions.find(session, SLUG, DAY, lock=True)
            assert edition
            control.pause(session, edition, because="写错了")
        digest = read_digest(mended, press.newsletter, default_day=DAY)
        digest_hash = hashlib.sha256(mended.read_bytes()).hexdigest()
        revision = Revision(press=press)
        proof = revision.prove(edition, digest, digest_hash=digest_hash)
        revised = revision.run(edition, proof, digest_hash=digest_hash, by="editor", because="写错了")
        with app.database.sessions.begin() as session:
            found = editions.find(session, SLUG, DAY, lock=True)
            assert found
            control.resume(session, found)
        app.morning(SLUG).run(DAY)
        after_daily = far.kept()
        story = Correction(press=press)
        report = story.run(story.plan(revised, text="", because="续航应为七百公里。", revision=1))
        corrected = far.kept() - after_daily
        with app.database.readers() as session:
            kept = books.of_edition(session, revised)
            have = received.revisions(session, revised.id)
        app.close()

    assert first
    assert set(after_daily.values()) == {1}, "somebody has two copies"
    assert kept.balanced
    assert kept[State.ACCEPTED] + kept[State.IN_DOUBT] == FEW
    assert set(corrected.values()) <= {1}
    assert set(corrected) <= first
    assert report.books
    assert report.books.balanced
    assert report.books.owed == have[1] == len(corrected)
    assert report.books.excluded.get(State.IN_DOUBT, 0) == kept[State.IN_DOUBT]
