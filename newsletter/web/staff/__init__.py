"""The door of those who work here: every page under /staff and every call under /api/staff.

A page module hands over ``StaffRoute``s; ``Staff`` registers them behind one check of who asks and what they
may do. Nothing else can be registered there. Stories do not know rights; they are asked for here, once.
"""

from newsletter.web.staff.entrance import NotLoggedIn, StaffProblem, refused
from newsletter.web.staff.registering import REFUSALS
from newsletter.web.staff.route import PAGES, Id, StaffRoute
from newsletter.web.staff.someone import Someone
from newsletter.web.staff.staff import Staff

__all__ = [
    "PAGES",
    "REFUSALS",
    "Id",
    "NotLoggedIn",
    "Someone",
    "Staff",
    "StaffProblem",
    "StaffRoute",
    "refused",
]
