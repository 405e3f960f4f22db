"""What comes back: the inbox, where each copy stands, what was counted, and what a call's events prove.

The release before works with this schema: what is new is a table of its own or may be empty.
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    for name in ("heard_at", "settled_at", "resent_at"):
        op.add_column("call", sa.Column(name, MOMENT, nullable=True))
    unsettled = sa.text("settled_at IS NULL")
    op.create_index(
        "ix_call_open_question", "call", ["opened_at"], sqlite_where=unsettled, postgresql_where=unsettled
    )
    op.create_table(
        "feedback_post",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("provider", sa.String(16), nullable=False),
        sa.Column("received_at", MOMENT, nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("failed_because", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_feedback_post"),
    )
    op.create_table(
        "feedback",
        sa.Column("edition_id", BIG_ID, nullable=False, autoincrement=False),
        sa.Column("subscriber_id", BIG_ID, nullable=False, autoincrement=False),
        sa.Column("kind", sa.SmallInteger(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("meaning", sa.String(16), nullable=True),
        sa.Column("reply", sa.String(300), nullable=True),
        sa.PrimaryKeyConstraint("edition_id", "subscriber_id", name="pk_feedback"),
        sqlite_with_rowid=False,
    )
    blocked = sa.text("kind = 50")
    op.create_index(
        "ix_feedback_blocked", "feedback", ["subscriber_id"], sqlite_where=blocked, postgresql_where=blocked
    )
    op.create_table(
        "feedback_seen",
        sa.Column("key", sa.LargeBinary(16), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_feedback_seen"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_feedback_seen_day", "feedback_seen", ["day"])
    op.create_table(
        "feedback_count",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("provider", sa.String(16), nullable=False),
        sa.Column("what", sa.String(24), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("day", "provider", "what", name="pk_feedback_count"),
    )
    op.create_table(
        "feedback_aside",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("provider", sa.String(16), nullable=False),
        sa.Column("received_at", MOMENT, nullable=False),
        sa.Column("why", sa.String(100), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_feedback_aside"),
    )
    op.create_index("ix_feedback_aside_received_at", "feedback_aside", ["received_at"])
    op.create_table(
        "feedback_mark",
        sa.Column("name", sa.String(40), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("words", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("name", name="pk_feedback_mark"),
    )
    op.create_table(
        "read_count",
        sa.Column("edition_id", BIG_ID, nullable=False, autoincrement=False),
        sa.Column("url_hash", sa.LargeBinary(16), nullable=False),
        sa.Column("url", sa.Text(), nullable=True),
        sa.Column("readers", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("edition_id", "url_hash", name="pk_read_count"),
    )


def downgrade() -> None:
    for name in (
        "read_count",
        "feedback_mark",
        "feedback_aside",
        "feedback_count",
        "feedback_seen",
        "feedback",
        "feedback_post",
    ):
        op.drop_table(name)
    op.drop_index("ix_call_open_question", "call")
    with op.batch_alter_table("call") as call:
        for name in ("resent_at", "settled_at", "heard_at"):
            call.drop_column(name)
