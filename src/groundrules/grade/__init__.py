"""Grading a folder of submissions: each is copied, judged in a sandbox and reported, whatever it holds.

`submissions` finds out whose they are, `reader` and `repositories` make private copies, `applications` finds
the package in them, `judge` runs the suites, `grades` turns a verdict into points, and `session` does it for
all.
"""
