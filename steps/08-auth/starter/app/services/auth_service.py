"""Authentication: who sends a request.

Write it in step 08 (steps/08-auth/README.md): `authenticate`.
"""
