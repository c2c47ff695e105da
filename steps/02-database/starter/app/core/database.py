"""The connection to PostgreSQL: one engine for the process, one session for each request.

Write the engine, the session factory and `ping(db)` in tasks 02.2 and 02.4 of
steps/02-database/README.md.
"""
