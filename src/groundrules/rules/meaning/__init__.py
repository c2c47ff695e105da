"""What is meant: what a name, an expression, an annotation or a call stands for.

`names` says what a name likely stands for, `definitions` what it surely does. Questions that may lead back to
themselves go through `circles`.
"""
