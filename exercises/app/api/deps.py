"""What handlers depend on.

Write it in step 02 (steps/02-database/README.md): `get_db()` gives each request a session of its own.
"""
