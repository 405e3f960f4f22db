"""Which checks an approval overruled.

The release before works with this schema: it leaves the column empty, and what it approves overrules whatever
the gate says, as before.
"""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("approval", sa.Column("checks", sa.JSON(), nullable=True))


def downgrade() -> None:
    op.drop_column("approval", "checks")
