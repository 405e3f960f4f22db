"""A morning in a process of its own, to be killed: ``python -m tests.run_morning CONFIG DAY``.

It is the program's own morning, with one thing lifted: real transports may send editions here.
"""

from __future__ import annotations

import json
import sys
from datetime import date
from pathlib import Path

from newsletter.app import App
from newsletter.config import load


class Lifted(App):
    """An installation that may send, although readers cannot leave yet."""

    def refusal(self) -> str:
        """Refuse nothing."""
        return ""


def main() -> None:
    """Run the morning and print how it went, as JSON."""
    app = Lifted(load(Path(sys.argv[1])))
    report = app.morning("ai_daily").run(date.fromisoformat(sys.argv[2]))
    app.close()
    print(
        json.dumps(
            {
                "state": report.state.value,
                "sent_now": report.sent_now,
                "books": report.books.as_json() if report.books else None,
                "problems": report.problems,
            }
        )
    )


if __name__ == "__main__":
    main()
