"""Revisions and corrections: which mailing a call handed over, and which edition another one corrects.

The release before works with this schema: what is new has a default or may be empty, and a mailing's key
only allows more than it did.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("edition", sa.Column("revision", sa.Integer(), server_default="1", nullable=False))
    op.add_column("edition", sa.Column("corrects_id", BIG_ID, nullable=True))
    op.add_column("edition", sa.Column("corrects_revision", sa.Integer(), nullable=True))
    op.add_column("call", sa.Column("mailing_id", BIG_ID, nullable=True))
    with op.batch_alter_table("mailing") as mailing:
        mailing.add_column(sa.Column("revision", sa.Integer(), server_default="1", nullable=False))
        mailing.drop_constraint("uq_mailing_edition_id_language", type_="unique")
        mailing.create_unique_constraint(
            "uq_mailing_edition_id_language_revision", ["edition_id", "language", "revision"]
        )
    op.create_table(
        "superseded",
        sa.Column("edition_id", BIG_ID, nullable=False),
        sa.Column("revision", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("title", sa.Text(), nullable=True),
        sa.Column("subject", sa.Text(), nullable=True),
        sa.Column("digest_hash", sa.String(length=64), nullable=True),
        sa.Column("digest_source", sa.Text(), nullable=True),
        sa.Column("because", sa.Text(), nullable=False),
        sa.Column("superseded_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["edition_id"], ["edition.id"], name="fk_superseded_edition_id"),
        sa.PrimaryKeyConstraint("edition_id", "revision", name="pk_superseded"),
    )


def downgrade() -> None:
    op.drop_table("superseded")
    with op.batch_alter_table("mailing") as mailing:
        mailing.drop_constraint("uq_mailing_edition_id_language_revision", type_="unique")
        mailing.drop_column("revision")
        mailing.create_unique_constraint("uq_mailing_edition_id_language", ["edition_id", "language"])
    with op.batch_alter_table("call") as call:
        call.drop_column("mailing_id")
    with op.batch_alter_table("edition") as edition:
        edition.drop_column("corrects_revision")
        edition.drop_column("corrects_id")
        edition.drop_column("revision")
