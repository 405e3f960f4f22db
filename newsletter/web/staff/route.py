"""One page or call of those who work here: where it is, and the right it takes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import Path, Response
from pydantic import BaseModel

from newsletter.people.rights import Right

PAGES, API = "/staff", "/api/staff"
NEWSLETTER = "{newsletter}"
Id = Annotated[int, Path(ge=1, le=2**53)]  # a row's number in a path


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffRoute:
    """Where a handler is, and who may reach it.

    A ``{newsletter}`` in the path is what the right is asked on. Without one it is asked on all newsletters
    together; with ``anywhere``, having it on one is enough, and the handler shows only what may be seen.
    """

    method: str  # GET or POST
    path: str  # /staff/…, or /api/staff/… for programs
    right: Right | None  # None: whoever is logged in
    handler: Callable[..., Response]
    anywhere: bool = False
    is_open: bool = False  # before one is logged in: the login itself
    by_person: bool = False  # an API call that no token may make
    nav: str = ""  # the text by which a newsletter's navigation names this page
    nav_at: int = 50  # where it stands there: small numbers first
    largest_body: int | None = None  # bytes; None: as much as a form has
    answer: type[BaseModel] | None = None  # what a call answers, for its documentation
    status: int = 200  # of that answer
    shows_secret: bool = False  # the answer is not kept, not even for the same call again

    def __post_init__(self) -> None:
        if self.method not in ("GET", "POST"):
            raise ValueError(f"{self.path}: {self.method} is neither GET nor POST")
        if self.path not in (PAGES, API) and not self.path.startswith((f"{PAGES}/", f"{API}/")):
            raise ValueError(f"{self.path}: pages are under {PAGES}, calls under {API}")
        if self.is_open and (self.right or self.is_api):
            raise ValueError(f"{self.path}: only a page of the login is open, and it takes no right")

    @property
    def is_api(self) -> bool:
        """Whether programs call it."""
        return self.path.startswith(API)

    @property
    def is_of_newsletter(self) -> bool:
        """Whether it is about one newsletter, which its path names."""
        return NEWSLETTER in self.path.split("/")
