"""Alembic's folder: every change of the tables since the first release, run when a newer one starts."""
