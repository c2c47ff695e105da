"""The source model: what a project's code says, read and never imported.

`files` finds the code, `reader` parses each file once and notes its scopes, functions, classes and calls,
`names` says what an expression stands for, and `routes` which functions answer HTTP requests. The other
modules each answer one question more: `calls` what is called, `dependencies` what handlers depend on,
`sessions` what is a session of the database, `effects` what a function does to its rows, and so on.
"""
