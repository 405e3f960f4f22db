"""Notices in doubt: the name of the call that carried one, and when an event first spoke of it.

The release before works with this schema: it leaves both columns empty, and such notices wait for a person.
"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("notice", sa.Column("call_key", sa.String(32), nullable=True))
    op.add_column("notice", sa.Column("heard_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column("notice", "heard_at")
    op.drop_column("notice", "call_key")
