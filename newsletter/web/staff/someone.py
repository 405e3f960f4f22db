"""Who asks, and what they may do: their roles, and less of it when a program asks with their token."""

from __future__ import annotations

from dataclasses import dataclass

from newsletter.people.audit import Actor
from newsletter.people.people import Held
from newsletter.people.rights import Right, rights_on


@dataclass(frozen=True, slots=True, kw_only=True)
class Someone:
    """A person who is logged in, or a program that shows a token of theirs."""

    person_id: int
    address: str
    name: str
    language: str
    held: Held
    newsletters: tuple[str, ...]  # all there are
    token: str = ""  # its name, when a program asks
    token_id: int | None = None
    scopes: frozenset[Right] | None = None  # of the token
    only: frozenset[str] = frozenset()  # the token's newsletters; empty: all

    def rights(self, newsletter: str) -> frozenset[Right]:
        """Return all that one may do on a newsletter, or on all of them (``rights.ALL``)."""
        if self.only and newsletter not in self.only:
            return frozenset()
        allowed = rights_on(newsletter, self.held)
        return allowed if self.scopes is None else allowed & self.scopes

    def may(self, right: Right, newsletter: str) -> bool:
        """Say whether one may do something on a newsletter."""
        return right in self.rights(newsletter)

    def where(self, right: Right) -> list[str]:
        """Return the newsletters on which one may do something."""
        return [slug for slug in self.newsletters if self.may(right, slug)]

    @property
    def actor(self) -> Actor:
        """This one as the audit log names who acts."""
        return Actor(name=self.name, person_id=self.person_id, via=self.token)

    @property
    def caller(self) -> str:
        """What tells callers of the API apart: a token's number or a person's."""
        return f"token {self.token_id}" if self.token_id is not None else f"person {self.person_id}"
