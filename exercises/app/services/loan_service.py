"""Lending: who may borrow what, and for how long.

Write it in step 06 (steps/06-services/README.md): `get`, `borrow`, `give_back` and `list_page`.
"""
