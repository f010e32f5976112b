"""State: runs, inputs, and what each contact last confirmed (SQLAlchemy; SQLite by default)."""
