"""Alembic runs this file for every command that needs a database, the one in DATABASE_URL.

Write it in step 04 (steps/04-migrations/README.md).
"""
