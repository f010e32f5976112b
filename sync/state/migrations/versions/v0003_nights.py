"""What nights without anybody need: deliveries, leases, pauses, alerts, and exports of several sources."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add tables, and the source to the key of a run's exports."""
    op.rename_table("run_inputs", "run_inputs_before")
    with op.batch_alter_table("run_inputs_before") as before:
        before.drop_constraint("pk_run_inputs", type_="primary")
    op.create_table(
        "run_inputs",
        sa.Column("run_id", sa.String(40), sa.ForeignKey("runs.run_id", name="fk_run_inputs_run_id"), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("source", sa.String(40), nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("rows", sa.Integer, nullable=False),
        sa.Column("is_accepted", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("run_id", "kind", "source", name="pk_run_inputs"),
    )
    op.execute(
        "INSERT INTO run_inputs (run_id, kind, source, position, sha256, name, rows, is_accepted) "
        "SELECT run_id, kind, '', 0, sha256, name, rows, is_accepted FROM run_inputs_before"
    )
    op.drop_table("run_inputs_before")
    with op.batch_alter_table("inputs") as inputs:
        inputs.alter_column("size_bytes", type_=sa.BigInteger, existing_type=sa.Integer, existing_nullable=False)
    op.create_table(
        "deliveries",
        sa.Column("delivery_id", sa.Integer, autoincrement=True, nullable=False),
        sa.Column("source", sa.String(40), nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("fingerprint", sa.String(200), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("size_bytes", sa.BigInteger, nullable=False),
        sa.Column("modified_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status", sa.String(12), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("path", sa.Text, nullable=False),
        sa.Column("run_id", sa.String(40), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("delivery_id", name="pk_deliveries"),
    )
    op.create_index("ix_deliveries_source_key", "deliveries", ["source", "key"])
    op.create_index("ix_deliveries_status", "deliveries", ["status"])
    op.create_index("ix_deliveries_sha256", "deliveries", ["sha256"])
    op.create_table(
        "leases",
        sa.Column("name", sa.String(40), nullable=False),
        sa.Column("owner", sa.String(80), nullable=False),
        sa.Column("machine", sa.String(200), nullable=False),
        sa.Column("process", sa.String(80), nullable=False),
        sa.Column("holder", sa.Text, nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True)),
        sa.Column("expires_at", sa.Float, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_leases"),
    )
    op.create_table(
        "pauses",
        sa.Column("name", sa.String(40), nullable=False),
        sa.Column("since_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("name", name="pk_pauses"),
    )
    op.create_table(
        "alerts",
        sa.Column("topic", sa.String(80), nullable=False),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("since_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("topic", name="pk_alerts"),
    )
