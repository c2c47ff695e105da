"""Loans as requests and responses.

Write them in step 05 (steps/05-schemas/README.md): `LoanCreate` and `LoanResponse`.
"""
