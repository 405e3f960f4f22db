"""Alarms: what is wrong, who was told, and what is to be posted to webhooks.

The release before works with this schema: it knows nothing of these tables.
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "alarm",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("cause", sa.String(16), nullable=False),
        sa.Column("newsletter", sa.String(length=40), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("about", sa.String(length=120), nullable=False),
        sa.Column("raised_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("findings", sa.JSON(), nullable=False),
        sa.Column("moments", sa.JSON(), nullable=False),
        sa.Column("occurrence", sa.Integer(), nullable=False),
        sa.Column("tellings", sa.Integer(), nullable=False),
        sa.Column("level", sa.SmallInteger(), nullable=False),
        sa.Column("next_level_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("acknowledged_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("acknowledged_by", sa.String(length=80), nullable=True),
        sa.Column("cleared_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_alarm"),
        sa.UniqueConstraint(
            "cause", "newsletter", "day", "about", name="uq_alarm_cause_newsletter_day_about"
        ),
    )
    op.create_index("ix_alarm_next_level_at", "alarm", ["next_level_at"])
    op.create_index("ix_alarm_raised_at", "alarm", ["raised_at"])
    op.create_table(
        "alarm_told",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("alarm_id", BIG_ID, nullable=False),
        sa.Column("occurrence", sa.Integer(), nullable=False),
        sa.Column("level", sa.SmallInteger(), nullable=False),
        sa.Column("channel", sa.String(16), nullable=False),
        sa.Column("target", sa.String(length=320), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("language", sa.String(length=16), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["alarm_id"], ["alarm.id"], name="fk_alarm_told_alarm_id"),
        sa.PrimaryKeyConstraint("id", name="pk_alarm_told"),
        sa.UniqueConstraint(
            "alarm_id",
            "occurrence",
            "level",
            "channel",
            "target",
            name="uq_alarm_told_alarm_id_occurrence_level_channel_target",
        ),
    )
    op.create_table(
        "alarm_hook",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("key", sa.String(length=120), nullable=False),
        sa.Column("alarm_id", BIG_ID, nullable=True),
        sa.Column("target", sa.String(length=80), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("owner", sa.String(length=64), nullable=True),
        sa.Column("lease_ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reply", sa.String(length=500), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_alarm_hook"),
        sa.UniqueConstraint("key", name="uq_alarm_hook_key"),
    )
    op.create_index("ix_alarm_hook_state_due_at", "alarm_hook", ["state", "due_at"])
    op.create_index("ix_alarm_hook_alarm_id", "alarm_hook", ["alarm_id"])


def downgrade() -> None:
    op.drop_table("alarm_hook")
    op.drop_table("alarm_told")
    op.drop_table("alarm")
