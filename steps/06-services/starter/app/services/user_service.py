"""Users: who may use the library.

Write it in step 06 (steps/06-services/README.md): `get`, `get_by_email`, `create`, `update`, `delete` and
`list_page`.
"""
