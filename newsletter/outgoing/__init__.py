"""Webhooks out: other programs hear who joins and leaves, and what is held and sent (``[[webhooks]]``).

What is to be told is written in the transaction that does it, so nothing is told that did not happen and
nothing that happened goes untold. It is posted afterwards, signed as Standard Webhooks says, and again with
growing pauses until it is accepted; the same event may come twice, under the same id.
"""

from newsletter.outgoing.watching import watch

__all__ = ["watch"]
