"""The Alembic history of the store, shipped in the package. A published revision is never edited."""
