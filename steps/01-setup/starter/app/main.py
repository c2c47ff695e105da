"""The application.

Write it in task 01.3 of steps/01-setup/README.md: `create_app()` returns a new FastAPI application,
and `app` is the one that uvicorn serves.
"""
