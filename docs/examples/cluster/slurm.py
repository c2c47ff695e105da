"""Start a scheduler here, and workers as jobs of SLURM; end them when you press Enter.

It needs dask-jobqueue, and a clone of the course, in which `python3 course.py test --version` has run, on a
file system that the nodes share.
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
    input(f"groundrules grade … --cluster {cluster.scheduler_address}\nPress Enter to end. ")
