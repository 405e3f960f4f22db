"""The pages about people: the login, one's account, who may do what, tokens, and what was done."""

from __future__ import annotations

from newsletter.web.people.account import Account
from newsletter.web.people.api import Api
from newsletter.web.people.audit import Audit
from newsletter.web.people.home import Home
from newsletter.web.people.login import Login
from newsletter.web.people.people import People
from newsletter.web.people.second import Second
from newsletter.web.people.tokens import Tokens
from newsletter.web.people.welcome import Welcome
from newsletter.web.staff import Staff, StaffRoute


def routes(staff: Staff) -> list[StaffRoute]:
    """Return where these pages are."""
    errands = (Home, Login, Welcome, Account, Second, People, Tokens, Audit, Api)
    return [route for errand in errands for route in errand(staff).routes()]
