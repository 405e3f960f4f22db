"""The engine for many machines: procrastinate, a queue inside the PostgreSQL that holds the ledger.

The one door to that library. It needs the extra ``newsletter[cluster]``; ask ``delivery.engine.engine_for``
instead of importing this.
"""

from newsletter.delivery.cluster.engine import ProcrastinateEngine

__all__ = ["ProcrastinateEngine"]
