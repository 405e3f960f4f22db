"""The backups that were made.

The release before works with this schema: the table is new.
"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "backup_run",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("night", sa.Date(), nullable=True),
        sa.Column("owner", sa.String(64), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("file", sa.Text(), nullable=True),
        sa.Column("size", sa.BigInteger(), nullable=True),
        sa.Column("checked", sa.Text(), nullable=True),
        sa.Column("failed_because", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_backup_run"),
        sa.UniqueConstraint("night", name="uq_backup_run_night"),
    )
    op.create_index("ix_backup_run_started_at", "backup_run", ["started_at"])


def downgrade() -> None:
    op.drop_table("backup_run")
