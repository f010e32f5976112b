"""What trust needs: kinds of runs, configs, causes, who is absent, options once owned, when refusals may be tried."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add columns with their defaults, and two tables."""
    op.add_column("runs", sa.Column("kind", sa.String(10), nullable=False, server_default="run"))
    op.add_column("runs", sa.Column("parent_id", sa.String(40), nullable=False, server_default=""))
    op.add_column("runs", sa.Column("config_id", sa.String(64), nullable=False, server_default=""))
    op.add_column("runs", sa.Column("facts", sa.Text, nullable=False, server_default="{}"))
    op.add_column("contacts", sa.Column("customer_key", sa.Text, nullable=False, server_default=""))
    op.add_column("contacts", sa.Column("first_run_id", sa.String(40), nullable=False, server_default=""))
    op.add_column("changes", sa.Column("payload", sa.Text, nullable=False, server_default=""))
    op.add_column("changes", sa.Column("customer_key", sa.Text, nullable=False, server_default=""))
    op.add_column("changes", sa.Column("cause", sa.String(10), nullable=False, server_default=""))
    op.add_column("changes", sa.Column("answered_at", sa.DateTime(timezone=True)))
    op.add_column("refusals", sa.Column("circumstances", sa.String(64), nullable=False, server_default=""))
    op.execute("UPDATE contacts SET first_run_id = run_id")
    op.create_index("ix_contacts_record_id", "contacts", ["record_id"])
    op.create_table(
        "configs",
        sa.Column("config_id", sa.String(64), nullable=False),
        sa.Column("files", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("config_id", name="pk_configs"),
    )
    op.create_table(
        "absences",
        sa.Column("destination", sa.String(40), nullable=False),
        sa.Column("portal_id", sa.String(40), nullable=False),
        sa.Column("email", sa.String(254), nullable=False),
        sa.Column("reason", sa.String(20), nullable=False),
        sa.Column("payload", sa.Text, nullable=False),
        sa.Column("record_id", sa.String(40), nullable=False),
        sa.Column("since_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("destination", "portal_id", "email", name="pk_absences"),
    )
    op.create_table(
        "owned_options",
        sa.Column("destination", sa.String(40), nullable=False),
        sa.Column("portal_id", sa.String(40), nullable=False),
        sa.Column("property", sa.String(100), nullable=False),
        sa.Column("value", sa.String(100), nullable=False),
        sa.PrimaryKeyConstraint("destination", "portal_id", "property", "value", name="pk_owned_options"),
    )
