"""Which books the library owns.

Write it in step 06 (steps/06-services/README.md): `get`, `create`, `replace`, `update`, `delete` and
`list_page`.
"""
