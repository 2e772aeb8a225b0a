"""The commands web, play, demo and benchmark: programs with their own nodes, arguments and --help."""

import argparse


def add_programs(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the commands to the parser; each sets `program`, a function of the arguments that follow."""
    web = commands.add_parser(
        "web", help="show and control the node in a browser; --help lists its arguments", add_help=False
    )
    web.set_defaults(program=_web)
    play = commands.add_parser(
        "play", help="run a camera, the node and its web page; --help lists its arguments", add_help=False
    )
    play.set_defaults(program=_play)
    demo = commands.add_parser("demo", help="run the demo; --help lists its arguments", add_help=False)
    demo.set_defaults(program=_demo)
    benchmark = commands.add_parser(
        "benchmark", help="measure latency, memory or discovery, or run a soak test"
    )
    measures = benchmark.add_subparsers(required=True, metavar="WHAT")
    for name, program, about in (
        ("latency", _latency, "measure the time that the node adds to the model's"),
        ("depth", _depth, "measure the time that depth and points add"),
        ("cameras", _cameras, "measure memory and fairness of several cameras"),
        ("web", _console, "measure what an open web page costs the node"),
        ("discovery", _discovery, "measure how long two processes take to discover each other"),
        ("soak", _soak, "check memory, losses and results over many frames and changes"),
    ):
        measures.add_parser(name, help=about, add_help=False).set_defaults(program=program)


def _web(arguments: list[str]) -> int:
    from eovseg_ros.web import main as serve_console

    return serve_console(arguments)


def _play(arguments: list[str]) -> int:
    from eovseg_ros.demo import play_live

    return play_live(arguments)


def _demo(arguments: list[str]) -> int:
    from eovseg_ros.demo import main as play

    return play(arguments)


def _latency(arguments: list[str]) -> int:
    from eovseg_ros.benchmarks import measure_latency

    return measure_latency(arguments)


def _depth(arguments: list[str]) -> int:
    from eovseg_ros.benchmarks import measure_depth_cost

    return measure_depth_cost(arguments)


def _cameras(arguments: list[str]) -> int:
    from eovseg_ros.benchmarks import measure_cameras

    return measure_cameras(arguments)


def _console(arguments: list[str]) -> int:
    from eovseg_ros.benchmarks import measure_console

    return measure_console(arguments)


def _discovery(arguments: list[str]) -> int:
    from eovseg_ros.benchmarks import measure_discovery

    return measure_discovery(arguments)


def _soak(arguments: list[str]) -> int:
    from eovseg_ros.benchmarks import measure_soak

    return measure_soak(arguments)
