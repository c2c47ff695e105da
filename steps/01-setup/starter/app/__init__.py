"""The API of a lending library."""
