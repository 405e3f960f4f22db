"""What replies mean: every row decides its own example, and what must never be read as hard."""

from __future__ import annotations

import pytest

from newsletter.lanes import Lane
from newsletter.replies import TABLES, Row, explain

ROWS = [row for table in TABLES for row in table]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.example[:50])
def test_every_row_decides_the_reply_it_was_written_for(row: Row) -> None:
    assert explain(row.example, lane=row.lane or Lane.OTHER) is row
