"""Logging in.

Write it in step 08 (steps/08-auth/README.md): `Token`, the response to a login.
"""
