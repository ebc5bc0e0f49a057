"""Alembic's folder: every change of the tables since the first release, run forward on the first start of a newer one."""
