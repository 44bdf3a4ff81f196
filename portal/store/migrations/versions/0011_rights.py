"""When a delivery was passed on; and proofs of whoever is held nowhere any more."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("deliveries") as batch_op:
        batch_op.add_column(sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True))
    with op.batch_alter_table("proofs") as batch_op:
        batch_op.add_column(sa.Column("tier", sa.Integer(), nullable=False, server_default="1"))


def downgrade() -> None:
    with op.batch_alter_table("proofs") as batch_op:
        batch_op.drop_column("tier")
    with op.batch_alter_table("deliveries") as batch_op:
        batch_op.drop_column("sent_at")
