"""Books, and how many copies of each the library owns.

Write it in step 03 (steps/03-models/README.md): the model `Book` of the table `books`.
"""
