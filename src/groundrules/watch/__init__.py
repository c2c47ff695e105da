"""`groundrules watch`: from a save to the one next thing to do.

`checker` is the process that waits with everything imported, `checks` orders checks from it, `files` notices
saves, `state` is what is known, `screen` draws it, `terminal` gives keys and takes lines, and `session` joins
them.
"""
