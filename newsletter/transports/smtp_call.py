"""One call of the SMTP transport: a loop in the caller's thread over the connections it has borrowed.

It takes a copy only when a connection can begin with it, tells an outcome as soon as it is known,
and returns to its caller at least every 50 ms. It begins with one connection and borrows more as
more copies come, so that a handful of them does not open eight.
"""

from __future__ import annotations

import selectors
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from queue import Empty, SimpleQueue

from newsletter import replies
from newsletter.lanes import Lane
from newsletter.mailing import RETURN_PATH, Copy, ValueRefused, addr_spec
from newsletter.transports.base import Misconfigured, Outcome, TransportError, Unavailable, Verdict
from newsletter.transports.smtp_connection import Connection, Server
from newsletter.transports.smtp_conversation import Conversation
from newsletter.transports.smtp_job import Job, Patience
from newsletter.transports.smtp_pool import Pool

_LOST_IN_A_ROW = 2  # connections lost over one copy, after which it waits
_HOPELESS_IN_A_ROW = 4  # connections lost with nothing settled in between, after which a server is left alone
_COPIES_PER_CONNECTION = 4  # taken, before another connection is opened
_ROUND_SECONDS = 0.05  # at most, before the caller hears from us
_ASK_AGAIN_SECONDS = 0.03
_DIALING_ROUND_SECONDS = 0.005

Make = Callable[[Copy], list[bytes]]  # raises ValueRefused


class SmtpCall:
    """Hands over the copies of one call. ``run`` once, then ``end``."""

    def __init__(
        self,
        copies: Iterable[Copy | None],
        *,
        make: Make,
        sender: str,
        lane: Lane,
        pool: Pool,
        patience: Patience,
        messages_per_connection: int,
    ) -> None:
        self.sender = sender.encode("ascii")
        self.lane = lane
        self._copies = iter(copies)
        self._make = make
        self._pool = pool
        self._patience = patience
        self._messages_per_connection = messages_per_connection
        self._hello = sender.rpartition("@")[2]
        self._selector = selectors.DefaultSelector()
        self._conversations: list[Conversation] = []
        self._dialed: SimpleQueue[tuple[Server, TransportError | None]] = SimpleQueue()
        self._dialing = 0
        self._avoid: set[Server] = set()
        self._losses: dict[Server, int] = {}
        self._waiting: deque[Job] = deque()
        self._outcomes: list[Outcome] = []
        self._taken = 0
        self._has_all = False
        self._ask_at = 0.0
        self._stop: Exception | None = None
        self._last_error: TransportError | None = None
        pool.begin_call()

    def run(self) -> Iterator[Outcome | None]:
        """Yield every outcome, and None while there is none; raise what ended the call."""
        spoke_at = time.monotonic()
        while True:
            self._feed()
            if self._outcomes:
                outcomes, self._outcomes = self._outcomes, []
                yield from outcomes
                spoke_at = time.monotonic()
                continue
            if self._is_done:
                break
            self._wait()
            now = time.monotonic()
            if not self._outcomes and now - spoke_at >= _ROUND_SECONDS:
                yield None
                spoke_at = time.monotonic()
        if self._stop:
            raise self._stop

    def end(self) -> None:
        """Give back the connections on which nothing is under way, and end the others."""
        for conversation in self._conversations:
            if conversation.is_over or not conversation.is_idle:
                self._pool.drop(conversation.connection)
            else:
                self._pool.give_back(conversation.connection)
        self._conversations.clear()
        self._selector.close()
        self._pool.end_call()

    # --- what conversations ask --------------------------------------------------

    def next_job(self, connection: Connection) -> Job | None:
        """Return what to begin with on ``connection`` now."""
        if self._stop or self._must_go(connection):
            return None
        if self._waiting:
            return self._waiting.popleft()
        if self._has_all or (self._ask_at and time.monotonic() < self._ask_at):
            return None
        self._ask_at = 0.0
        while copy := self._next_copy():
            self._taken += 1
            job = self._job(copy, connection.largest_message_bytes)
            if job:
                return job
        return None

    def _next_copy(self) -> Copy | None:
        """Return the caller's next copy; None when it withholds it, or has no more."""
        try:
            for copy in self._copies:
                if copy is None:
                    self._ask_at = time.monotonic() + _ASK_AGAIN_SECONDS
                return copy
        except Exception as error:  # noqa: BLE001 - raised again by run
            # What is in flight has answers to come, which would be doubt if we ended here.
            self._stop = self._stop or error
        self._has_all = True
        return None

    def _job(self, copy: Copy, largest: int) -> Job | None:
        try:
            pieces = self._make(copy)
        except ValueRefused as error:
            self._outcomes.append(Outcome(ref=copy.ref, verdict=Verdict.REFUSED, reply=str(error)))
            return None
        size = sum(map(len, pieces))
        if 0 < largest < size:
            reply = f"the message has {size} bytes and the server takes {largest} at most (SIZE)"
            self._outcomes.append(Outcome(ref=copy.ref, verdict=Verdict.REFUSED, reply=reply))
            return None
        sender = copy.values.get(RETURN_PATH)
        return Job(
            copy=copy,
            pieces=pieces,
            size=size,
            sender=addr_spec(sender).encode("ascii") if sender else self.sender,
        )

    def settled(self, connection: Connection, outcome: Outcome) -> None:
        """Take the outcome of a job."""
        self._outcomes.append(outcome)
        if outcome.verdict is not Verdict.IN_DOUBT:
            self._losses[connection.server] = 0
        if outcome.verdict is Verdict.ACCEPTED:
            self._pool.served(connection.server)

    def put_back(self, job: Job, *, why: str, is_its_fault: bool) -> None:
        """Take back a job of which nothing was handed over; another connection may take it."""
        job.losses += is_its_fault
        if job.losses < _LOST_IN_A_ROW:
            self._waiting.appendleft(job)
            return
        words = f"the connection was lost before the message was handed over: {why}"
        self._outcomes.append(
            Outcome(
                ref=job.copy.ref,
                verdict=Verdict.DEFERRED,
                reply=words[:500],
                meaning=replies.read(why, lane=self.lane),
            )
        )

    def lost(self, connection: Connection, *, counts: bool) -> None:
        """Leave a server alone that hangs up on one copy after the other."""
        server = connection.server
        self._losses[server] = self._losses.get(server, 0) + counts
        if self._losses[server] >= _HOPELESS_IN_A_ROW and server not in self._avoid:
            self._last_error = Unavailable(f"{server.host} hangs up on one copy after the other")
            self._avoid.add(server)
            self._pool.failed(server)

    def must_stop(self, error: Misconfigured) -> None:
        """Begin with no other copy, and raise ``error`` when what is in flight is finished."""
        self._stop = error

    # --- the loop ---------------------------------------------------------------

    @property
    def _is_done(self) -> bool:
        if self._stop or (self._has_all and not self._waiting):
            return all(conversation.is_idle for conversation in self._conversations)
        return False

    def _must_go(self, connection: Connection) -> bool:
        """Whether ``connection`` has had its messages, or other calls want it."""
        return (
            connection.messages >= self._messages_per_connection
            or connection.server in self._avoid
            or len(self._conversations) > self._pool.share
        )

    def _feed(self) -> None:
        """Let idle connections begin, and borrow more of them."""
        for conversation in [one for one in self._conversations if one.is_idle]:
            if not self._must_go(conversation.connection):
                job = self.next_job(conversation.connection)
                if job:
                    conversation.begin(job)
                    self._look_after(conversation)
            elif conversation.connection.messages >= self._messages_per_connection:
                conversation.quit()
                self._look_after(conversation)
            else:
                self._let_go(conversation)
                self._pool.give_back(conversation.connection)
        if not self._stop and not (self._has_all and not self._waiting):
            self._borrow()

    def _borrow(self) -> None:
        wanted = min(self._pool.share, 1 + self._taken // _COPIES_PER_CONNECTION)
        while len(self._conversations) + self._dialing < wanted:
            # Those there are must be busy: while copies are withheld, no more are needed.
            if any(conversation.is_idle for conversation in self._conversations):
                return
            try:
                got = self._pool.take(avoid=self._avoid)
            except LookupError:
                if not self._conversations and not self._dialing:
                    self._stop = self._last_error
                return
            if got is None:
                return
            if isinstance(got, Server):
                self._dial(got)
            else:
                self._begin(got)

    def _dial(self, server: Server) -> None:
        self._dialing += 1
        self._pool.dial(server, hello=self._hello, done=lambda error: self._dialed.put((server, error)))

    def _begin(self, connection: Connection) -> None:
        conversation = Conversation(connection, self, self._patience)
        self._conversations.append(conversation)
        self._selector.register(connection.sock, selectors.EVENT_READ, conversation)
        job = self.next_job(connection)
        if job:
            conversation.begin(job)
            self._look_after(conversation)

    def _wait(self) -> None:
        """Let the conversations go on that can, for 50 ms at most."""
        self._hear_of_dials()
        seconds = _DIALING_ROUND_SECONDS if self._dialing else _ROUND_SECONDS
        if self._ask_at:
            seconds = min(seconds, max(0.0, self._ask_at - time.monotonic()))
        if not self._conversations:
            if self._dialing:
                self._hear_of_dials(wait_seconds=_ROUND_SECONDS)
            else:
                time.sleep(_ASK_AGAIN_SECONDS)  # other calls have all the connections
            return
        for key, mask in self._selector.select(seconds):
            conversation: Conversation = key.data
            if mask & selectors.EVENT_READ:
                conversation.can_read()
            if mask & selectors.EVENT_WRITE and not conversation.is_over:
                conversation.can_write()
            self._look_after(conversation)
        now = time.monotonic()
        for conversation in list(self._conversations):
            if not conversation.is_idle and now >= conversation.deadline:
                conversation.run_out_of_patience()
                self._look_after(conversation)

    def _hear_of_dials(self, *, wait_seconds: float = 0) -> None:
        while self._dialing:
            try:
                server, error = (
                    self._dialed.get(timeout=wait_seconds) if wait_seconds else self._dialed.get_nowait()
                )
            except Empty:
                return
            wait_seconds = 0
            self._dialing -= 1
            if isinstance(error, Misconfigured):
                self._stop = self._stop or error
            elif error:
                self._last_error = error
                self._avoid.add(server)

    def _look_after(self, conversation: Conversation) -> None:
        """Watch for what a conversation waits for now, or bury it."""
        connection = conversation.connection
        if conversation.is_over:
            self._let_go(conversation)
            self._pool.drop(connection)
        elif conversation.wants_to_write != conversation.is_watched_for_writing:
            conversation.is_watched_for_writing = conversation.wants_to_write
            both = selectors.EVENT_READ | selectors.EVENT_WRITE
            self._selector.modify(
                connection.sock, both if conversation.wants_to_write else selectors.EVENT_READ, conversation
            )

    def _let_go(self, conversation: Conversation) -> None:
        self._conversations.remove(conversation)
        self._selector.unregister(conversation.connection.sock)
