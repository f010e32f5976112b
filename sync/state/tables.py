"""The tables of the state. A change here goes with a new file in `migrations/versions/`."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    }
)

runs = Table(
    "runs",
    metadata,
    Column("run_id", String(40), primary_key=True, comment="sorts by start"),
    Column("destination", String(40), nullable=False),
    Column("portal_id", String(40), nullable=False, comment="empty until HubSpot has said it"),
    Column("started_at", DateTime(timezone=True), nullable=False),
    Column("finished_at", DateTime(timezone=True)),
    Column("status", String(20), nullable=False, comment="running, done, partial, held, failed or interrupted"),
    Column("as_of", Date, nullable=False),
    Column("fingerprint", String(40), nullable=False, default=""),
    Column("goldpan_version", String(40), nullable=False),
    Column("kind", String(10), nullable=False, default="run", comment="run, only, approve, undo, repair or retry"),
    Column("parent_id", String(40), nullable=False, default="", comment="the run that this one approves or undoes"),
    Column("config_id", String(64), nullable=False, default="", comment="the config that it was planned with"),
    Column("facts", Text, nullable=False, default="{}", comment="what its exports amount to, as JSON"),
    Column("record", Text, nullable=False, default="{}", comment="the object that --json prints"),
)

inputs = Table(
    "inputs",
    metadata,
    Column("sha256", String(64), primary_key=True),
    Column("kind", String(20), primary_key=True),
    Column("name", Text, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("path", Text, nullable=False, comment="where the archive keeps it"),
)

run_inputs = Table(
    "run_inputs",
    metadata,
    Column("run_id", String(40), ForeignKey("runs.run_id"), primary_key=True),
    Column("kind", String(20), primary_key=True),
    Column("source", String(40), primary_key=True, default="", comment="where it came from; empty for a named file"),
    Column("position", Integer, nullable=False, default=0, comment="exports of one kind are united in this order"),
    Column("sha256", String(64), nullable=False),
    Column("name", Text, nullable=False),
    Column("rows", Integer, nullable=False),
    Column("is_accepted", Boolean, nullable=False, default=False, comment="a run planned from it was sent"),
)

contacts = Table(
    "contacts",
    metadata,
    Column("destination", String(40), primary_key=True),
    Column("portal_id", String(40), primary_key=True),
    Column("email", String(254), primary_key=True),
    Column("record_id", String(40), nullable=False),
    Column("payload", Text, nullable=False, comment="the values that HubSpot last confirmed, as canonical JSON"),
    Column("confirmed_at", DateTime(timezone=True), nullable=False),
    Column("run_id", String(40), nullable=False, comment="the run that confirmed it last"),
    Column("customer_key", Text, nullable=False, default=""),
    Column("first_run_id", String(40), nullable=False, default="", comment="the run that confirmed it first"),
    Index(None, "record_id"),
)

changes = Table(
    "changes",
    metadata,
    Column("change_id", Integer, primary_key=True, autoincrement=True),
    Column("run_id", String(40), ForeignKey("runs.run_id"), nullable=False),
    Column("email", String(254), nullable=False),
    Column("action", String(10), nullable=False),
    Column("before", Text, nullable=False, comment="property values as JSON"),
    Column("after", Text, nullable=False),
    Column(
        "verdict",
        String(10),
        nullable=False,
        comment="planned, sent, applied, refused, unknown, gone, moved or unsent; held while it waits for approval",
    ),
    Column("reason", String(80), nullable=False, default=""),
    Column("message", Text, nullable=False, default=""),
    Column("record_id", String(40), nullable=False, default=""),
    Column("correlation_id", String(80), nullable=False, default=""),
    Column("payload", Text, nullable=False, default="", comment="what is confirmed once this is applied"),
    Column("customer_key", Text, nullable=False, default=""),
    Column("cause", String(10), nullable=False, default="", comment="time, data, or empty where nobody asked"),
    Column("answered_at", DateTime(timezone=True)),
    Index(None, "run_id", "email"),
    Index(None, "email"),
)

refusals = Table(
    "refusals",
    metadata,
    Column("destination", String(40), primary_key=True),
    Column("portal_id", String(40), primary_key=True),
    Column("email", String(254), primary_key=True),
    Column("payload", Text, nullable=False, comment="the values that were refused"),
    Column("reason", String(80), nullable=False),
    Column("message", Text, nullable=False, default=""),
    Column("first_at", DateTime(timezone=True), nullable=False),
    Column("last_at", DateTime(timezone=True), nullable=False),
    Column("circumstances", String(64), nullable=False, default="", comment="the portal's properties, and our version"),
)

absences = Table(
    "absences",
    metadata,
    Column("destination", String(40), primary_key=True),
    Column("portal_id", String(40), primary_key=True),
    Column("email", String(254), primary_key=True),
    Column("reason", String(20), nullable=False, comment="gone, not_wanted or same_record"),
    Column("payload", Text, nullable=False, comment="the values that it was looked for with"),
    Column("record_id", String(40), nullable=False, default="", comment="the record that another contact speaks for"),
    Column("since_at", DateTime(timezone=True), nullable=False),
    Column("checked_at", DateTime(timezone=True), nullable=False),
)

owned_options = Table(
    "owned_options",
    metadata,
    Column("destination", String(40), primary_key=True),
    Column("portal_id", String(40), primary_key=True),
    Column("property", String(100), primary_key=True),
    Column("value", String(100), primary_key=True),
)

configs = Table(
    "configs",
    metadata,
    Column("config_id", String(64), primary_key=True),
    Column("files", Text, nullable=False, comment="the config's files as JSON, name to text"),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("delivery_id", Integer, primary_key=True, autoincrement=True),
    Column("source", String(40), nullable=False),
    Column("key", Text, nullable=False, comment="the file within its source"),
    Column("fingerprint", String(200), nullable=False, comment="size and time, or an S3 ETag, when it was taken"),
    Column("name", Text, nullable=False),
    Column("kind", String(20), nullable=False, default="", comment="empty until it is known"),
    Column("sha256", String(64), nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("modified_at", DateTime(timezone=True), nullable=False),
    Column("claimed_at", DateTime(timezone=True), nullable=False),
    Column(
        "status",
        String(12),
        nullable=False,
        comment="claimed, waiting (for its run, or held), accepted, superseded, duplicate or refused",
    ),
    Column("reason", Text, nullable=False, default=""),
    Column("path", Text, nullable=False, default="", comment="where its content is now"),
    Column("run_id", String(40), nullable=False, default="", comment="the last run that used it"),
    Column("finished_at", DateTime(timezone=True)),
    Index(None, "source", "key"),
    Index(None, "status"),
    Index(None, "sha256"),
)

leases = Table(
    "leases",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("owner", String(80), nullable=False, comment="empty when it is free; new with every taking"),
    Column("machine", String(200), nullable=False, default="", comment="where the owner's process id means something"),
    Column("process", String(80), nullable=False, default="", comment="the process id, and when it began"),
    Column("holder", Text, nullable=False, default="", comment="who holds it, in words"),
    Column("taken_at", DateTime(timezone=True)),
    Column("expires_at", Float, nullable=False, default=0.0, comment="seconds since 1970 by the database's clock"),
)

pauses = Table(
    "pauses",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("since_at", DateTime(timezone=True), nullable=False),
    Column("until_at", DateTime(timezone=True), comment="empty: until somebody resumes"),
)

alerts = Table(
    "alerts",
    metadata,
    Column("topic", String(80), primary_key=True, comment="what is watched, such as run, export:orders or disk"),
    Column("status", String(20), nullable=False, comment="as it was told last: ok, or what is wrong"),
    Column("since_at", DateTime(timezone=True), nullable=False),
    Column("told_at", DateTime(timezone=True), comment="empty until a message left"),
)
