"""Books over HTTP.

Write here, as the lesson of step 07 says, a router with

- `POST /books/`, a new book,
- `GET`, `PUT`, `PATCH` and `DELETE /books/{id}`, one book,
- `GET /books/`, one page of them, all or those that a search finds.
"""
