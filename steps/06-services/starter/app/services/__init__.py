"""The business rules of the library."""
