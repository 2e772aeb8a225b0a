"""A run on a cluster, with a stand-in for the model."""

import os

import fake_cluster
from test_labelling import WORDS, settings

from eovseg_ros.bags.cluster.cluster_settings import ClusterSettings
from eovseg_ros.bags.cluster.run_on_cluster import work_on_cluster
from eovseg_ros.bags.jobs.job import plan_jobs
from eovseg_ros.bags.jobs.task_settings import TaskSettings
from eovseg_ros.bags.labelling.settings import ModelSettings


class Run:
    """Does bags on the cluster and keeps what is told."""

    def __init__(self, bags, out, topics=("/image",), **others):
        self.pids = out.parent / "pids"
        self.pids.mkdir(exist_ok=True)
        label = settings(*topics, model=ModelSettings(vocabulary=WORDS), keep_embeddings=True, **others)
        self.settings = TaskSettings(label=label, threads=1, command=str(self.pids))
        self.jobs = plan_jobs(bags, out)
        self.told, self.reports = [], {}

    def go(self, during=lambda done: None, make_task=fake_cluster.make_task, **cluster):
        def tell(done):
            self.told.append((done.job.name, done.images))
            if done.report:
                assert done.job.name not in self.reports
                self.reports[done.job.name] = done.report
            during(done)

        own = ClusterSettings(**cluster)
        work_on_cluster(self.jobs, self.settings, tell, cluster=own, make_task=make_task)
        return self

    def worker_pids(self):
        """Processes of the cluster that had a model."""
        names = [path.name for path in self.pids.iterdir()]
        return [int(name) for name in names if name.isdecimal() and int(name) != os.getpid()]

    def here(self):
        task = fake_cluster.make_task(self.settings)
        for job in self.jobs:
            job.target.parent.mkdir(exist_ok=True)
            task.do(job, lambda _: None)


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}
