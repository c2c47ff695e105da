"""Serves the application that MEASURED names, and tells at /cpu how much CPU time its process has used.

`MEASURED=app.main:app uvicorn --app-dir benchmarks/app measured:app` does; the answer is in seconds.
"""

import os
import time

from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send
from uvicorn.importer import import_from_string

measured = import_from_string(os.environ["MEASURED"])


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "http" and scope["path"] == "/cpu":
        await PlainTextResponse(str(time.process_time()))(scope, receive, send)
    else:
        await measured(scope, receive, send)
