"""The workers of a run on a cluster, as Ray actors."""

from typing import Any

from eovseg_ros.bags.cluster.cluster_settings import ClusterSettings
from eovseg_ros.bags.cluster.parts import Part
from eovseg_ros.bags.cluster.worker import ClusterWorker, MakeTask
from eovseg_ros.bags.jobs.task_settings import TaskSettings


class Pool:
    """Starts workers that each take some CPUs, or a GPU; Ray chooses their machines."""

    def __init__(self, settings: TaskSettings, cluster: ClusterSettings, make_task: MakeTask) -> None:
        import ray

        total = ray.cluster_resources()
        own = cluster.gpus
        if own is None:
            wanted = settings.label.model.device != "cpu" and total.get("GPU", 0) >= 1
            own = 1.0 if wanted else 0.0
        self._options: dict[str, Any] = {
            "num_cpus": max(1, settings.threads),
            "num_gpus": own,
            "max_restarts": 0,  # the run starts another worker itself, and knows with which bag
            "max_concurrency": 2,  # `images` while `do` runs
        }
        self._arguments = settings, cluster.upload, make_task
        fits = total.get("GPU", 0) / own if own else total.get("CPU", 1) / self._options["num_cpus"]
        self.size = cluster.workers or max(1, int(fits))

    def start(self) -> "ActorWorker":
        """Return a new worker, which waits for free resources if there are none."""
        return ActorWorker(self._options, self._arguments)


class ActorWorker:
    """A worker, and the part that it works on."""

    def __init__(self, options: dict[str, Any], arguments: tuple[Any, ...]) -> None:
        import ray

        self._actor: Any = ray.remote(ClusterWorker).options(**options).remote(*arguments)
        self._asked: Any = None
        self.part: Part | None = None
        self.result: Any = None  # of Ray: the report to come, None of a slice

    def give(self, part: Part) -> None:
        """Let it do a part."""
        self.part, self._asked = part, None
        self.result = self._actor.do.remote(part)

    def images(self) -> int | None:
        """Return the number of images that are done, if it has come since the last call. Never waits."""
        import ray

        if self._asked is None:
            self._asked = self._actor.images.remote()
        if not ray.wait([self._asked], timeout=0)[0]:
            return None
        asked, self._asked = self._asked, None
        try:
            return int(ray.get(asked))
        except ray.exceptions.RayError:  # it is lost, which its result says, too
            return None

    def end(self) -> None:
        """End its process, so that it cannot write any more."""
        import ray

        ray.kill(self._actor, no_restart=True)
