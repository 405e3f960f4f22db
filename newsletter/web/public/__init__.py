"""The readers' pages. Each file is one errand; ``routes`` is all of them."""

from __future__ import annotations

from newsletter.web.door import Door, Routes
from newsletter.web.public.confirming import Confirming
from newsletter.web.public.data import Data
from newsletter.web.public.joining import Joining
from newsletter.web.public.leaving import Leaving
from newsletter.web.public.missing import Missing
from newsletter.web.public.moving import Moving
from newsletter.web.public.preferences import Preferences


def routes(door: Door) -> Routes:
    """Return where the readers' pages are, the busiest first: the first that fits answers."""
    errands = (Leaving, Joining, Confirming, Preferences, Missing, Moving, Data)
    return [route for errand in errands for route in errand(door).routes()]
