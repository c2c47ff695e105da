"""Asks one path again and again over some connections, and prints what came of it as JSON.

`python load.py PORT PATH CONNECTIONS SECONDS`; it speaks HTTP by hand, as a client library would take
longer than what it measures.
"""

import asyncio
import json
import sys
import time


async def ask(port: int, path: str, until: float, times: list[float]) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    request = f"GET {path} HTTP/1.1\r\nHost: library.test\r\n\r\n".encode()
    while time.perf_counter() < until:
        began = time.perf_counter()
        writer.write(request)
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        if not head.startswith(b"http/1.1 200"):
            raise SystemExit(f"{path} answered {head.splitlines()[0].decode()}")
        length = int(head.partition(b"content-length:")[2].split(b"\r\n")[0])
        await reader.readexactly(length)
        times.append(time.perf_counter() - began)
    writer.close()


async def main() -> None:
    port, path, connections, seconds = sys.argv[1:]
    times: list[float] = []
    began = time.perf_counter()
    until = began + float(seconds)
    await asyncio.gather(*(ask(int(port), path, until, times) for _ in range(int(connections))))
    took = time.perf_counter() - began
    times.sort()
    answer = {
        "answers": len(times),
        "per_second": len(times) / took,
        "p95": times[int(len(times) * 0.95)] * 1000,
    }
    print(json.dumps(answer))


asyncio.run(main())
