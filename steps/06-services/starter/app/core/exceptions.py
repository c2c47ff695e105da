"""The rules of the library that can refuse a request.

Write them in step 06 (steps/06-services/README.md): `LibraryError`, and the nine refusals below it.
"""
