"""Lets a call that names an ``Idempotency-Key`` act once, however often it is made."""

from __future__ import annotations

from collections.abc import Callable

from fastapi import Response

from newsletter.people import calls
from newsletter.people.calls import Turn
from newsletter.web.door import Door
from newsletter.web.staff.entrance import refused

_REPLAYED = {"idempotency-replayed": "true"}


class Repeating:
    """Answers a call, or gives the answer it got before."""

    def __init__(self, door: Door) -> None:
        self._door = door

    def once(
        self, caller: str, key: str, call: bytes, act: Callable[[], Response], *, keeps: bool
    ) -> Response:
        """Return the answer of ``act``, which is done once for a key and a call.

        Where it shows a secret it is not kept (``keeps``): the same call again acts no second time, and is
        told so.
        """
        with self._door.writing() as session:
            began_at = self._door.now()
            kept = calls.begin(session, caller, key, call, now=began_at)
        if kept.turn is Turn.OTHER:
            return refused(422, "this Idempotency-Key was used for another call", problem="key_was_used")
        if kept.turn is Turn.BUSY:
            return refused(409, "the same call is being answered; ask again in a moment")
        if kept.turn is Turn.KEPT and not kept.answer:
            return refused(409, "this was done; what it showed is shown once")
        if kept.turn is Turn.KEPT:
            return Response(kept.answer, kept.status, headers=_REPLAYED, media_type="application/json")
        done = False
        try:
            response = act()
            done = response.status_code < 500 and hasattr(response, "body")
            if done:
                with self._door.writing() as session:
                    answer = bytes(response.body) if keeps or response.status_code >= 400 else b""
                    calls.keep(
                        session, caller, key, began_at=began_at, status=response.status_code, answer=answer
                    )
            return response
        finally:
            if not done:  # also where it raised: nothing is kept of it
                with self._door.writing() as session:
                    calls.release(session, caller, key, began_at=began_at)
