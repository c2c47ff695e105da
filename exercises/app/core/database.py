"""The connection to PostgreSQL: one engine for the process, one session for each request.

Write it in step 02 (steps/02-database/README.md): `get_engine()`, `get_session_factory()` and `ping(db)`.
"""
