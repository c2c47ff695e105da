"""Passwords: no other module knows how they are hashed.

Write it in step 06 (steps/06-services/README.md): `hash_password` and `verify_password`.
"""
