"""Users over HTTP.

Write here, as the lesson of step 07 says, a router with

- `POST /users/`, a sign-up,
- `GET /users/{id}` and `DELETE /users/{id}`, one user,
- `GET /users/`, one page of them.
"""
