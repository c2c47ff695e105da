"""The source model: what a project's code says, read and never imported.

`files` finds the code, and `reader` parses each file once and notes its scopes, functions, classes and
calls (`tree`). `names` says what an expression stands for (`values`), with the help of `imports`,
`heritage` for what classes inherit, `expressions`, `outcomes` of calls, and `callers`; `registrations`
says which functions answer HTTP requests. The other modules each answer one question more: `calls` what
is called, `dependencies` what handlers depend on, `sessions` what is a session of the database, `effects`
what a function does to its rows, and so on.
"""
