"""Loans: who has which book, and who had it.

Write it in step 03 (steps/03-models/README.md): the model `Loan` of the table `loans`.
"""
