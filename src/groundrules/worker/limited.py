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
PROCESSES = 150


def main() -> None:
    """Limit this process, and whatever it forks, and be the server of forks."""
    limits = dict(LIMITS)
    if _counts_by_namespace():
        limits[resource.RLIMIT_NPROC] = PROCESSES
    for limit, most in limits.items():
        _, allowed = resource.getrlimit(limit)
        new = most if allowed == resource.RLIM_INFINITY else min(most, allowed)
        resource.setrlimit(limit, (new, new))
    forkserver.main()


def _counts_by_namespace() -> bool:
    """Whether those outside of this user namespace do not count, as is so since Linux 5.14."""
    major, minor, *_ = os.uname().release.split(".")
    return (int(major), int(minor)) >= (5, 14)


if __name__ == "__main__":
    main()
    os._exit(0)  # as the server of forks does
