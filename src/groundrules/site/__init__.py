"""The documentation site: what of it is made from the code, the lessons and the rules when it is built.

Nothing of this is committed, so nothing of it can be out of date. MkDocs calls `hook`.
"""
