"""How the state came to be what it is, one step a file in `versions/` (Alembic)."""
