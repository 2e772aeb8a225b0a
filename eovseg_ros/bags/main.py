"""Entry point of `eovseg-bags`: parse the arguments and label the bags."""

import argparse
import shlex
import sys

from eovseg_model.backends import BackendError
from eovseg_model.checkpoint import CheckpointError
from eovseg_model.vocabulary import VocabularyError
from eovseg_ros.bags.arguments import add_label_arguments, read_settings
from eovseg_ros.bags.benchmark.command import add_benchmark_command
from eovseg_ros.bags.benchmark.example_command import add_example_command
from eovseg_ros.bags.cluster.arguments import read_cluster
from eovseg_ros.bags.embeddings.relabel_command import add_relabel_command
from eovseg_ros.bags.errors import BagError, DiskFull, UsageError
from eovseg_ros.bags.plain_text import reason_of
from eovseg_ros.bags.search.find_command import add_find_command
from eovseg_ros.bags.writing.folder import make_folder
from eovseg_ros.processes import Ending

_MISSING = "eovseg-bags: {error}; install what it needs: pip install {packages}"
_BAGS, _PACKAGES = "rosbags mcap zstandard pyyaml", {"ray": "'ray[default]'"}


def main(arguments: list[str] | None = None, ending: Ending | None = None) -> int:
    """Run a command; return 0 if everything is labelled, 1 if not, with the reasons on stderr."""
    words = sys.argv[1:] if arguments is None else arguments
    parser = argparse.ArgumentParser(prog="eovseg-bags", description="Label recordings without ROS.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    about = "label the images of bags; an interrupted run continues where it was"
    add_label_arguments(label := commands.add_parser("label", help=about, description=about))
    add_relabel_command(commands)
    add_benchmark_command(commands)
    add_example_command(commands)
    add_find_command(commands)
    options = parser.parse_args(words)
    if ending:
        ending.raise_interrupts()
    try:
        if hasattr(options, "run"):
            return int(options.run(options, f"eovseg-bags {shlex.join(words)}"))
        from eovseg_ros.bags.cluster.run_on_cluster import on_cluster
        from eovseg_ros.bags.jobs.job import plan_jobs, without_results
        from eovseg_ros.bags.jobs.run import run_jobs

        settings = read_settings(options, f"eovseg-bags {shlex.join(words)}")
        cluster = read_cluster(options)
        bags, left_out = without_results(options.bags, options.out)
        jobs = plan_jobs(bags, options.out.absolute() if cluster else options.out)
        for path in left_out:
            print(f"eovseg-bags: {path} has results of eovseg-bags and is left out", file=sys.stderr)
        make_folder(options.out)
        work = on_cluster(cluster) if cluster else None
        processes = min(options.jobs or 1, len(jobs))
        return run_jobs(jobs, settings, processes=processes, out=options.out, work=work)
    except UsageError as error:
        commands.choices.get(words[0], label).error(str(error))
    except BrokenPipeError:  # nobody reads any more
        return 1
    except ModuleNotFoundError as error:
        if error.name not in ("rosbags", "mcap", "zstandard", "yaml", "ray"):
            raise
        print(_MISSING.format(error=error, packages=_PACKAGES.get(error.name, _BAGS)), file=sys.stderr)
    except OSError as error:
        print(f"eovseg-bags: {reason_of(error)}", file=sys.stderr)
    except (BackendError, BagError, CheckpointError, DiskFull, VocabularyError) as error:
        print(f"eovseg-bags: {error}", file=sys.stderr)
    except (ArithmeticError, ValueError, RuntimeError) as error:
        print(f"eovseg-bags: {reason_of(error)}", file=sys.stderr)
    return 1
