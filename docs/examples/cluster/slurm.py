"""Start a scheduler here, and workers as jobs of SLURM.

It needs dask-jobqueue, and a clone of the course on a file system that the nodes
share. `python3 course.py test --version` has run there.
"""

from dask_jobqueue import SLURMCluster

with SLURMCluster(
    cores=2,
    processes=2,
    memory="4GB",
    walltime="02:00:00",
    python="/shared/groundrules/.venv/bin/python",
    job_script_prologue=["export GROUNDRULES_COURSE=/shared/groundrules"],
) as cluster:
    cluster.scale(jobs=20)
    print(f"groundrules grade … --cluster {cluster.scheduler_address}")
    input("Press Enter to end. ")
