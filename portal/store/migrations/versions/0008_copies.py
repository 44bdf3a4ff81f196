"""Copies that subscribers asked for, each sealed with a key of its own, for a day."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "copies",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("reference", sa.String(length=32), nullable=False),
        sa.Column("request_id", sa.String(length=32), nullable=False),
        sa.Column("subject_id", sa.String(length=32), nullable=False),
        sa.Column("site", sa.String(length=48), nullable=False),
        sa.Column("session_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("tier", sa.Integer(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("key_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("content_sealed", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["request_id"], ["requests.id"], name=op.f("fk_copies_request_id_requests")
        ),
        sa.ForeignKeyConstraint(
            ["subject_id"], ["subjects.id"], name=op.f("fk_copies_subject_id_subjects")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_copies")),
        sa.UniqueConstraint("reference", name=op.f("uq_copies_reference")),
    )
    with op.batch_alter_table("copies") as batch_op:
        batch_op.create_index("ix_copies_subject_id", ["subject_id"])
        batch_op.create_index(
            "ix_copies_living",
            ["expires_at"],
            sqlite_where=sa.text("key_sealed IS NOT NULL"),
            postgresql_where=sa.text("key_sealed IS NOT NULL"),
        )


def downgrade() -> None:
    with op.batch_alter_table("copies") as batch_op:
        batch_op.drop_index("ix_copies_living")
        batch_op.drop_index("ix_copies_subject_id")
    op.drop_table("copies")
