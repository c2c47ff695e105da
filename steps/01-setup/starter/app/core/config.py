"""Settings, read from the environment.

Write them in task 01.2 of steps/01-setup/README.md: the class `Settings` and `get_settings()`.
"""
