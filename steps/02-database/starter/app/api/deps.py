"""Dependencies of the handlers.

Write it in step 02 (steps/02-database/README.md): `get_db()` gives each request its own session.
"""
