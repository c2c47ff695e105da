"""The process that runs the trainee's code, and how to talk to it.

The process that decides never imports the code it judges. A *fork server* imports FastAPI and its
friends once, without the trainee's code; a *worker* is a fork of it (a process of its own on Windows)
that imports the application, serves it over HTTP and answers a small protocol; the *client* is the
deciding process's side, which believes nothing that it has not checked.
"""
