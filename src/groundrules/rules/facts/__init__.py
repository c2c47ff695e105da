"""What FastAPI, SQLAlchemy and Pydantic make of it: routes, dependencies, sessions, models and the like.

Each fact is found once, as a property of `project.Project`.
"""
