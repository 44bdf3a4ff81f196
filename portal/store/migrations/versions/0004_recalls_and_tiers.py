"""What is kept for a stated purpose until a stated moment, and how much a session may show."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "recalls",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("subject_id", sa.String(length=32), nullable=False),
        sa.Column("purpose", sa.String(length=16), nullable=False),
        sa.Column("request_id", sa.String(length=32), nullable=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["request_id"], ["requests.id"], name=op.f("fk_recalls_request_id_requests")
        ),
        sa.ForeignKeyConstraint(
            ["subject_id"], ["subjects.id"], name=op.f("fk_recalls_subject_id_subjects")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recalls")),
    )
    with op.batch_alter_table("recalls") as batch_op:
        batch_op.create_index(
            batch_op.f("ix_recalls_purpose_subject_id"), ["purpose", "subject_id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_recalls_subject_id"), ["subject_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_recalls_until"), ["until"], unique=False)
    with op.batch_alter_table("sessions") as batch_op:
        batch_op.add_column(sa.Column("tier", sa.Integer(), nullable=False, server_default="1"))


def downgrade() -> None:
    with op.batch_alter_table("sessions") as batch_op:
        batch_op.drop_column("tier")
    op.drop_table("recalls")
