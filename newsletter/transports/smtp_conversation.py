"""The conversation on one connection: a state machine that never waits.

With PIPELINING (RFC 2920) the envelope of the next message travels behind the final dot of the one
before, so that a message costs one round trip; without it every command waits for its reply.

What the server has before the final dot it may not deliver (RFC 5321, 4.1.1.4), so a connection
lost before the dot hands nothing over, and one lost after it leaves exactly that copy in doubt.
"""

from __future__ import annotations

import ssl
import time
from collections import deque

from newsletter import replies
from newsletter.replies import Meaning
from newsletter.transports.base import Misconfigured, Outcome, Verdict
from newsletter.transports.smtp_connection import Connection
from newsletter.transports.smtp_job import Call, Job, Patience
from newsletter.transports.smtp_replies import Gibberish, Reply, Step, judge, queue_id, reply_of

_ENVELOPE = frozenset({Step.MAIL, Step.RCPT, Step.RSET})
_READ_BYTES = 65536
_LONGEST_REPLY_BYTES = 8192
_RECORD_BYTES = 16384  # what one encrypted record holds, and one encrypted write takes


class Conversation:
    """Speaks on ``connection`` for one call. ``is_over`` says that the connection is of no more use."""

    def __init__(self, connection: Connection, call: Call, patience: Patience) -> None:
        self.connection = connection
        self.is_over = False
        self.wants_to_write = False
        self.is_watched_for_writing = False  # the call's own note
        self.deadline = 0.0  # monotonic; counts while something is expected
        self._call = call
        self._block_seconds = patience.block.total_seconds()
        self._command_seconds = patience.command.total_seconds()
        self._reply_seconds = {
            Step.DATA: patience.data.total_seconds(),
            Step.DOT: patience.dot.total_seconds(),
            Step.QUIT: patience.goodbye.total_seconds(),
        }
        self._expected: deque[tuple[Step, Job | None]] = deque()
        self._later: deque[tuple[Step, Job | None, bytes]] = deque()  # without PIPELINING
        self._unread = b""
        self._out = memoryview(b"")
        self._sent = 0
        self._tried = 0  # how far into ``_out`` a write has reached, successful or not
        self._dot: Job | None = None  # whose final dot is in ``_out``, or has no reply yet
        self._dot_at = 0  # where in ``_out`` it begins
        self._has_open_transaction = False
        self._was_answered = not connection.is_reused

    @property
    def is_idle(self) -> bool:
        """Whether nothing is under way."""
        return not self._expected and not self._later

    # --- speaking ------------------------------------------------------------

    def begin(self, job: Job) -> None:
        """Begin with a message; only when idle."""
        self._write(self._envelope(job))

    def quit(self) -> None:
        """Take leave; over when the server answers, or soon."""
        self._expected.append((Step.QUIT, None))
        self._write(b"QUIT\r\n")

    def _envelope(self, job: Job) -> bytes:
        """Return what to write so that ``job`` begins, and expect the replies."""
        connection = self.connection
        connection.messages += 1
        size = b" SIZE=%d" % job.size if connection.has_size else b""
        mail = b"MAIL FROM:<%b>%b\r\n" % (job.sender, size)
        rcpt = b"RCPT TO:<%b>\r\n" % job.copy.address.encode("ascii")
        start = b""
        if self._has_open_transaction:
            self._has_open_transaction = False
            start = b"RSET\r\n"
        if connection.has_pipelining:
            if start:
                self._expected.append((Step.RSET, None))
            self._expected += ((Step.MAIL, job), (Step.RCPT, job), (Step.DATA, job))
            return b"%b%b%bDATA\r\n" % (start, mail, rcpt)
        if start:
            self._later.append((Step.RSET, None, start))
        self._later += ((Step.MAIL, job, mail), (Step.RCPT, job, rcpt), (Step.DATA, job, b"DATA\r\n"))
        return self._next_command()

    def _next_command(self) -> bytes:
        step, job, line = self._later.popleft()
        self._expected.append((step, job))
        return line

    def _write_message(self, job: Job) -> None:
        self._expected.append((Step.DOT, job))
        self._dot, self._dot_at = job, job.size
        self._out, self._sent, self._tried = memoryview(b""), 0, 0
        if self._unread:
            # It spoke before it had anything of the message.
            return
        parts = [*job.pieces, b".\r\n"]
        if self.connection.has_pipelining:
            following = self._call.next_job(self.connection)
            if following:
                parts.append(self._envelope(following))
        self._write(b"".join(parts))

    def _write(self, what: bytes) -> None:
        # Nothing is ever left to write here: a reply to the last of it is what brought us here.
        self._out, self._sent, self._tried = memoryview(what), 0, 0
        self.can_write()

    def can_write(self) -> None:
        """Write on, as far as the kernel takes it."""
        sock, out, end = self.connection.sock, self._out, len(self._out)
        is_encrypted = isinstance(sock, ssl.SSLSocket)
        try:
            while (sent := self._sent) < end:
                until = min(end, sent + _RECORD_BYTES) if is_encrypted else end
                if sent and self._dot and sent <= self._dot_at < until:
                    # When the server has hung up meanwhile, the dot must not go out.
                    self.can_read()
                    if self.is_over:
                        return
                # An encrypted record may leave although the write says "not yet".
                self._tried = until if is_encrypted else sent
                self._sent = self._tried = sent + sock.send(out[sent:until])
        except (BlockingIOError, ssl.SSLWantWriteError, ssl.SSLWantReadError):
            self.wants_to_write = True
            self.deadline = time.monotonic() + self._block_seconds
            return
        except OSError as error:
            self._lose(str(error))
            return
        self.wants_to_write = False
        self._wait_for_reply()

    def _wait_for_reply(self) -> None:
        step = self._expected[0][0] if self._expected else Step.MAIL
        self.deadline = time.monotonic() + self._reply_seconds.get(step, self._command_seconds)

    # --- listening -----------------------------------------------------------

    def can_read(self) -> None:
        """Take in what the server says, and answer it."""
        try:
            said = self.connection.sock.recv(_READ_BYTES)
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return
        except OSError as error:
            self._lose(str(error))
            return
        if not said:
            self._lose("the server hung up")
            return
        self._was_answered = True
        self._unread = self._unread + said if self._unread else said
        while not self.is_over and (end := _end_of_reply(self._unread)):
            raw, self._unread = self._unread[:end], self._unread[end:]
            self._heard(raw)
        if self.is_over:
            return
        if len(self._unread) > _LONGEST_REPLY_BYTES:
            self._lose("what the server says is no reply")
        elif not self.wants_to_write:
            self._wait_for_reply()

    def run_out_of_patience(self) -> None:
        """Give the connection up, because the server is silent."""
        self._lose("the server is silent")

    def _heard(self, raw: bytes) -> None:
        if not self._expected:
            self._lose("the server spoke too early")
            return
        step, job = self._expected[0]
        # The answers that all goes well, without ceremony.
        if step in _ENVELOPE and raw[:4] == b"250 ":
            self._expected.popleft()
            if not self._expected:
                self._go_on()
            return
        if step is Step.DATA and raw[:4] == b"354 " and job and not job.refused:
            self._expected.popleft()
            self._write_message(job)
            return
        if step is Step.DOT and not self._has_tried_dot:
            self._heard_too_early(raw)
            return
        try:
            self._answered(step, job, reply_of(raw))
        except Gibberish as said:
            self._lose(f"not an answer: {said}")
        except Misconfigured as error:
            self._call.must_stop(error)
            self._lose(str(error), counts=False)

    def _heard_too_early(self, raw: bytes) -> None:
        """End the connection: before the dot a server has nothing to say, and then gets no dot."""
        job = self._dot
        try:
            reply = reply_of(raw)
            judgement = judge(Step.DOT, reply, self._call.lane)
        except Gibberish:
            judgement = reply = None
        if job and reply and judgement:
            self._settle(job, judgement.verdict, reply.words, judgement.meaning)
        self._lose("the server spoke too early", counts=not judgement)

    def _answered(self, step: Step, job: Job | None, reply: Reply) -> None:
        self._expected.popleft()
        if step is Step.QUIT:
            self.is_over = True
            return
        if job is None or step is Step.EMPTY:
            if reply.code != 250 and step is Step.RSET:
                self._lose(f"RSET is answered {reply.words}")
                return
        elif step is Step.DOT:
            self._answered_dot(job, reply)
        elif reply.is_goodbye and step is Step.MAIL and not self._is_too_fast(reply):
            self._expected.appendleft((step, job))  # it says nothing about the copy
        else:
            self._answered_envelope(step, job, reply)
        if reply.is_goodbye:
            self._lose(reply.words)
        elif not self.is_over:
            self._go_on()

    def _is_too_fast(self, reply: Reply) -> bool:
        """Whether the lane must wait: then another connection would only be faster still."""
        return replies.read(reply.words, lane=self._call.lane) is Meaning.THROTTLED

    def _answered_dot(self, job: Job, reply: Reply) -> None:
        self._dot = None
        if 200 <= reply.code < 300:
            self._settle(job, Verdict.ACCEPTED, reply.words)
            return
        judgement = judge(Step.DOT, reply, self._call.lane)
        if judgement:
            self._settle(job, judgement.verdict, reply.words, judgement.meaning)
            return
        self._settle(job, Verdict.IN_DOUBT, f"not an answer: {reply.words}")
        self._lose("not an answer")

    def _answered_envelope(self, step: Step, job: Job, reply: Reply) -> None:
        is_yes = reply.code in ((354,) if step is Step.DATA else (250, 251))
        if not is_yes and not job.refused:
            if not judge(step, reply, self._call.lane):  # which also finds what stops all sending
                self._expected.appendleft((step, job))
                self._lose(f"not an answer: {reply.words}")
                return
            job.refused = (step, reply)
            # What would follow is pointless, where it has not been said yet.
            while self._later and self._later[0][1] is job:
                self._later.popleft()
        if not job.refused:
            return
        self._has_open_transaction = True
        if step is Step.DATA and is_yes:
            # The server wants a message that has no recipient: it gets none (RFC 2920, 3.1).
            self._expected.append((Step.EMPTY, None))
            self._write(b".\r\n")
        if not any(whose is job for _, whose in self._expected) or reply.is_goodbye:
            self._settle_refused(job)

    # --- what comes of it ------------------------------------------------------

    def _go_on(self) -> None:
        """Say what comes next, when the server has answered what there was."""
        if self._expected:
            return
        if self._later:
            self._write(self._next_command())
            return
        job = self._call.next_job(self.connection)
        if job:
            self.begin(job)

    def _settle_refused(self, job: Job) -> None:
        if job.refused:
            step, reply = job.refused
            job.refused = None
            judgement = judge(step, reply, self._call.lane)
            if judgement:
                self._settle(job, judgement.verdict, reply.words, judgement.meaning)

    def _settle(self, job: Job, verdict: Verdict, words: str, meaning: Meaning | None = None) -> None:
        job.is_settled = True
        is_accepted = verdict is Verdict.ACCEPTED
        outcome = Outcome(
            ref=job.copy.ref,
            verdict=verdict,
            provider_id=queue_id(words) if is_accepted else None,
            reply=words,
            meaning=meaning,
        )
        self._call.settled(self.connection, outcome)

    @property
    def _has_tried_dot(self) -> bool:
        return self._tried > self._dot_at

    def _lose(self, why: str, *, counts: bool = True) -> None:
        """End the connection: what was handed over is in doubt, the rest is put back."""
        if self.is_over:
            return
        self.is_over, self.wants_to_write = True, False
        waiting = [job for _, job in self._expected] + [job for _, job, _ in self._later]
        jobs = [job for job in dict.fromkeys(waiting) if job and not job.is_settled]
        # A kept connection may have ended long ago, which is nobody's fault.
        counts = counts and self._was_answered and bool(jobs)
        for job in reversed(jobs):
            if job.refused:
                self._settle_refused(job)
            elif job is self._dot and self._has_tried_dot:
                words = f"the connection was lost before the server answered: {why}"
                self._settle(job, Verdict.IN_DOUBT, words[:500])
            else:
                self._call.put_back(job, why=why, is_its_fault=counts and job is jobs[0])
        self._call.lost(self.connection, counts=counts)


def _end_of_reply(unread: bytes) -> int:
    """Return where the first reply ends, or 0 when it is not all there."""
    start = 0
    while end := unread.find(b"\n", start) + 1:
        if unread[start + 3 : start + 4] != b"-":
            return end
        start = end
    return 0
