"""The process that forks workers, with limits that all of them keep: the first process of a sandbox."""

import os
import resource

from groundrules.worker import forkserver

LIMITS = {
    resource.RLIMIT_AS: 2 << 30,  # bytes, shared mappings included
    resource.RLIMIT_CPU: 150,  # seconds of one process
    resource.RLIMIT_FSIZE: 32 << 20,  # bytes of one file
    resource.RLIMIT_NOFILE: 512,
    resource.RLIMIT_CORE: 0,
    resource.RLIMIT_MEMLOCK: 1 << 20,  # bytes
    resource.RLIMIT_MSGQUEUE: 1 << 20,  # bytes
}


def main() -> None:
    """Limit this process, and whatever it forks, and be the server of forks."""
    for limit, most in LIMITS.items():
        _, allowed = resource.getrlimit(limit)
        new = most if allowed == resource.RLIM_INFINITY else min(most, allowed)
        resource.setrlimit(limit, (new, new))
    forkserver.main()


if __name__ == "__main__":
    main()
    os._exit(0)  # as the server of forks does
