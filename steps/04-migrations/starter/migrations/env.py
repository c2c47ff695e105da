"""What Alembic runs for every command: it migrates the database that DATABASE_URL names.

Write it in step 04 (steps/04-migrations/README.md).
"""
