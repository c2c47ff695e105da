"""The errors of the library: one for each rule that a request can violate.

Write them in step 06 (steps/06-services/README.md): `LibraryError`, and the nine errors below it.
"""
