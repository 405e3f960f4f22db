"""Link probes: what was found at the far ends of links.

The release before works with this schema: the table is new.
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "link_probe",
        sa.Column("url_hash", sa.String(length=64), nullable=False),
        sa.Column("reach", sa.String(length=24), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=True),
        sa.Column("looked_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("url_hash", name="pk_link_probe"),
    )


def downgrade() -> None:
    op.drop_table("link_probe")
