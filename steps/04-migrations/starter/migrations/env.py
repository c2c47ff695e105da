"""Alembic runs this file for every command: it migrates the database in DATABASE_URL.

Write it in step 04 (steps/04-migrations/README.md).
"""
