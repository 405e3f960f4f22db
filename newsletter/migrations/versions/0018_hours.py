"""The hours of a newsletter, known by what they say, so that replicas which disagree keep their own.

The release before works with this schema: it goes on with its table, which is left as it is.
"""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "hours",
        sa.Column("newsletter", sa.String(40), nullable=False),
        sa.Column("hours", sa.String(80), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("newsletter", "hours", name="pk_hours"),
    )
    op.execute(
        "INSERT INTO hours (newsletter, hours, since, seen_at) "
        "SELECT newsletter, hours, since, since FROM timetable"
    )


def downgrade() -> None:
    op.drop_table("hours")
