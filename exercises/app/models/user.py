"""Users: readers and librarians.

Write it in step 03 (steps/03-models/README.md): the model `User` of the table `users`.
"""
