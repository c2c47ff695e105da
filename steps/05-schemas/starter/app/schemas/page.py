"""Lists, one page at a time.

Write them in step 05 (steps/05-schemas/README.md): `PageQuery`, and `Page` for any kind of item.
"""
