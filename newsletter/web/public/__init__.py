"""The readers' pages. Each file is one errand; ``routes`` is all of them."""

from __future__ import annotations

from fastapi import APIRouter

from newsletter.web.door import Door
from newsletter.web.public.confirming import Confirming
from newsletter.web.public.data import Data
from newsletter.web.public.joining import Joining
from newsletter.web.public.leaving import Leaving
from newsletter.web.public.moving import Moving
from newsletter.web.public.preferences import Preferences


def routes(door: Door) -> APIRouter:
    """Return where the readers' pages are. The first that fits answers: a newsletter's own come last,
    and before any token come the links of test mails, which look like one.
    """
    router = APIRouter()
    for errand in (Leaving, Confirming, Preferences, Moving, Data, Joining):
        router.include_router(errand(door).routes())
    return router
