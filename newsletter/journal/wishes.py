"""What a whole journal comes to: each person's last word, and the editions that began.

Pure: entries in, values out. A person is known by the hashes of their addresses, the last one first.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from newsletter.journal.entry import Entry
from subscribers import Fact, Lasting


@dataclass(kw_only=True)
class Wishes:
    """The last word on everything. What was taken back again is not there."""

    left: dict[tuple[bytes, str], datetime] = field(default_factory=dict)  # (hash, newsletter)
    returned: dict[tuple[bytes, str], datetime] = field(default_factory=dict)
    erased: dict[bytes, datetime] = field(default_factory=dict)
    suppressed: dict[bytes, tuple[str, datetime]] = field(default_factory=dict)  # reason
    domains: dict[str, tuple[str, datetime]] = field(default_factory=dict)
    begun: list[Fact] = field(default_factory=list)
    moved: dict[bytes, bytes] = field(default_factory=dict)  # the hash that a later one had before

    def names(self, digest: bytes) -> Sequence[bytes]:
        """Return the hashes a person was known by, the newest first."""
        known = [digest]
        while (before := self.moved.get(known[-1])) and before not in known:
            known.append(before)
        return known


def wishes(entries: Iterable[Entry]) -> Wishes:
    """Return what the entries come to. A later moment counts; of two at one moment, the later line."""
    found = Wishes()
    for entry in entries:
        _hear(found, entry.fact)
    return found


def _hear(found: Wishes, fact: Fact) -> None:
    about, at = fact.about, fact.at
    match fact.what:
        case Lasting.BEGUN:
            found.begun.append(fact)
        case Lasting.SUPPRESSED if "domain" in about:
            found.domains[str(about["domain"])] = (str(about["reason"]), at)
        case Lasting.SUPPRESSED:
            _suppress(found, _hash(about), str(about["reason"]), at)
        case Lasting.LIFTED:
            found.suppressed.pop(_hash(about), None)
        case Lasting.MOVED:
            found.moved[_hash(about, "to")] = _hash(about)
        case Lasting.ERASED:
            found.erased[_hash(about)] = at
        case Lasting.LEFT:
            key = (_hash(about), str(about["newsletter"]))
            if at >= found.returned.get(key, at):
                found.left[key] = max(at, found.left.get(key, at))
        case Lasting.RETURNED:
            key = (_hash(about), str(about["newsletter"]))
            found.returned[key] = max(at, found.returned.get(key, at))
            if key in found.left and found.left[key] <= at:
                del found.left[key]
            if key[0] in found.erased and found.erased[key[0]] <= at:
                del found.erased[key[0]]  # they have given us their address again


def _suppress(found: Wishes, digest: bytes, reason: str, at: datetime) -> None:
    known = found.suppressed.get(digest)
    if known is None or (reason == "complained" and known[0] != reason):
        found.suppressed[digest] = (reason, at)


def _hash(about: Mapping[str, str | int], name: str = "hash") -> bytes:
    return bytes.fromhex(str(about[name]))
