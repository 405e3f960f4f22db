"""Proofs of work: a visitor's browser computes for half a second, which ten thousand forms cannot afford.

The one door to ``altcha``. A challenge is signed and stored nowhere; that a proof was used is counted in
the window its challenge ends in, so it is good for once.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import altcha
from sqlalchemy.orm import Session

from newsletter import limits
from newsletter.keys import Keys
from newsletter.limits import Limit
from newsletter.web.seals import derived_key

ALGORITHM = "PBKDF2/SHA-256"
COST = 2000  # rounds a try; one try in 256 succeeds
LIFETIME = timedelta(minutes=10)
LONGEST = 4000  # characters of a proof
ONCE = Limit(name="proof.spent", times=1, window=LIFETIME)


class Proofs:
    """Makes challenges and takes proofs, with a key of their own."""

    def __init__(self, keys: Keys) -> None:
        self._key = derived_key(keys, "proof")

    def challenge(self, *, now: datetime) -> dict[str, Any]:
        """Return a new challenge, as the browser's part wants it."""
        until = int((now + LIFETIME).timestamp())
        made = altcha.create_challenge(ALGORITHM, COST, data={"until": until}, hmac_secret=self._key)
        return made.to_dict()

    def spend(self, session: Session, proof: str, *, now: datetime) -> bool:
        """Say whether a proof is genuine, in time and not used before; it is used now."""
        if not proof or len(proof) > LONGEST:
            return False
        try:
            payload = altcha.Payload.from_base64(proof)
            if not altcha.verify_solution(payload, hmac_secret=self._key).verified:
                return False
            ends_at = datetime.fromtimestamp((payload.challenge.parameters.data or {})["until"], UTC)
        except (ValueError, TypeError, LookupError, AttributeError, RecursionError, OverflowError):
            return False
        if ends_at < now:
            return False
        # Counted at the moment it ends, not now: the same proof falls into the same window, always.
        return limits.allow(session, ONCE, str(payload.challenge.signature).lower(), now=ends_at)
