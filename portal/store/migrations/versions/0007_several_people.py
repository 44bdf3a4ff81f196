"""Several people under one address; and what an operator releases."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("subjects") as batch_op:
        batch_op.add_column(sa.Column("part_of", sa.String(length=32), nullable=True))
        batch_op.create_foreign_key(
            batch_op.f("fk_subjects_part_of_subjects"), "subjects", ["part_of"], ["id"]
        )
        batch_op.create_index(batch_op.f("ix_subjects_part_of"), ["part_of"], unique=False)
    with op.batch_alter_table("sessions") as batch_op:
        batch_op.add_column(sa.Column("person_id", sa.String(length=32), nullable=True))
        batch_op.add_column(sa.Column("opened_sealed", sa.LargeBinary(), nullable=True))
        batch_op.create_foreign_key(
            batch_op.f("fk_sessions_person_id_subjects"), "subjects", ["person_id"], ["id"]
        )
    op.create_table(
        "releases",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("subject_id", sa.String(length=32), nullable=False),
        sa.Column("site", sa.String(length=48), nullable=False),
        sa.Column("tier", sa.Integer(), nullable=False),
        sa.Column("case", sa.String(length=16), nullable=False),
        sa.Column("operator_id", sa.Integer(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["operator_id"], ["operators.id"], name=op.f("fk_releases_operator_id_operators")
        ),
        sa.ForeignKeyConstraint(
            ["subject_id"], ["subjects.id"], name=op.f("fk_releases_subject_id_subjects")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_releases")),
    )
    with op.batch_alter_table("releases") as batch_op:
        batch_op.create_index(
            batch_op.f("ix_releases_subject_id_site"), ["subject_id", "site"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_releases_until"), ["until"], unique=False)


def downgrade() -> None:
    op.drop_table("releases")
    with op.batch_alter_table("sessions") as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_sessions_person_id_subjects"), type_="foreignkey")
        batch_op.drop_column("opened_sealed")
        batch_op.drop_column("person_id")
    with op.batch_alter_table("subjects") as batch_op:
        batch_op.drop_index(batch_op.f("ix_subjects_part_of"))
        batch_op.drop_constraint(batch_op.f("fk_subjects_part_of_subjects"), type_="foreignkey")
        batch_op.drop_column("part_of")
