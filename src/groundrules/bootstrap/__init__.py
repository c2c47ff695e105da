"""From a bare Python to an environment that is ready; what `course.py` runs.

Everything here lives on the standard library, because nothing else is installed yet.
"""
