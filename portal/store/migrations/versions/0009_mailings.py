"""The consent record tells how, by whom and under which statement; a session heeds signals."""

import hashlib

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

METHODS = {
    "portal": ("page", "subscriber"),
    "footer-link": ("footer_link", "link"),
    "footer-undo": ("undo", "subscriber"),
    "restored": ("restored", "subscriber"),
}
CONSENTS = sa.table(
    "consents",
    sa.column("id", sa.Integer()),
    sa.column("source", sa.String()),
    sa.column("wording", sa.Text()),
    sa.column("wording_hash", sa.String()),
    sa.column("statement_hash", sa.String()),
    sa.column("method", sa.String()),
    sa.column("actor", sa.String()),
)


def upgrade() -> None:
    with op.batch_alter_table("consents") as batch_op:
        batch_op.add_column(sa.Column("wording_hash", sa.String(length=64), nullable=True))
        batch_op.add_column(sa.Column("statement_hash", sa.String(length=64), nullable=True))
        batch_op.add_column(sa.Column("method", sa.String(length=16), nullable=True))
        batch_op.add_column(sa.Column("actor", sa.String(length=64), nullable=True))
        batch_op.add_column(sa.Column("until", sa.DateTime(timezone=True), nullable=True))
    _fill()
    with op.batch_alter_table("consents") as batch_op:
        for name in ("wording_hash", "statement_hash"):
            batch_op.alter_column(name, existing_type=sa.String(length=64), nullable=False)
        batch_op.alter_column("method", existing_type=sa.String(length=16), nullable=False)
        batch_op.alter_column("actor", existing_type=sa.String(length=64), nullable=False)
    with op.batch_alter_table("sessions") as batch_op:
        batch_op.add_column(sa.Column("heeded_at", sa.DateTime(timezone=True), nullable=True))
    op.create_table(
        "frequencies",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("subject_id", sa.String(length=32), nullable=False),
        sa.Column("purpose", sa.String(length=48), nullable=False),
        sa.Column("frequency", sa.String(length=48), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("source", sa.String(length=32), nullable=False),
        sa.Column("wording", sa.Text(), nullable=False),
        sa.Column("wording_hash", sa.String(length=64), nullable=False),
        sa.Column("statement_hash", sa.String(length=64), nullable=False),
        sa.Column("method", sa.String(length=16), nullable=False),
        sa.Column("actor", sa.String(length=64), nullable=False),
        sa.Column("locale", sa.String(length=8), nullable=False),
        sa.Column("request_id", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(
            ["request_id"], ["requests.id"], name=op.f("fk_frequencies_request_id_requests")
        ),
        sa.ForeignKeyConstraint(
            ["subject_id"], ["subjects.id"], name=op.f("fk_frequencies_subject_id_subjects")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_frequencies")),
    )
    with op.batch_alter_table("frequencies") as batch_op:
        batch_op.create_index(
            batch_op.f("ix_frequencies_subject_id_purpose_id"),
            ["subject_id", "purpose", "id"],
            unique=False,
        )


def _fill() -> None:
    """What is known of the decisions that are there; under which statement, nobody wrote down."""
    connection = op.get_bind()
    rows = connection.execute(sa.select(CONSENTS.c.id, CONSENTS.c.source, CONSENTS.c.wording))
    for id_, source, wording in rows.all():
        method, actor = METHODS.get(source, ("erasure", "subscriber"))
        told = hashlib.sha256(wording.encode()).hexdigest() if wording else ""
        connection.execute(
            sa.update(CONSENTS)
            .where(CONSENTS.c.id == id_)
            .values(wording_hash=told, statement_hash="", method=method, actor=actor)
        )


def downgrade() -> None:
    op.drop_table("frequencies")
    with op.batch_alter_table("sessions") as batch_op:
        batch_op.drop_column("heeded_at")
    with op.batch_alter_table("consents") as batch_op:
        for name in ("until", "actor", "method", "statement_hash", "wording_hash"):
            batch_op.drop_column(name)
