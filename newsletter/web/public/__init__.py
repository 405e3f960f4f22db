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
    """Return where the readers' pages are; those with a token come before any newsletter's own."""
    router = APIRouter()
    for errand in (Confirming, Preferences, Leaving, Moving, Data, Joining):
        router.include_router(errand(door).routes())
    return router
