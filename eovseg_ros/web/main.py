"""The command `eovseg-ros web`."""

import argparse
import socket
import sys
from importlib.util import find_spec

from rclpy.exceptions import NameValidationException
from rclpy.expand_topic_name import expand_topic_name
from rclpy.validate_full_topic_name import validate_full_topic_name

from eovseg_ros.processes import ArgumentError
from eovseg_ros.web.access.address import Address, check_address

_DEFAULT_PORT = 8080


def main(arguments: list[str] | None = None) -> int:
    """Serve the console until Ctrl-C; return 1, with a reason on stderr, if it cannot start."""
    options = _parse(arguments)
    if find_spec("nicegui") is None:
        return _fail("NiceGUI is missing: pip install 'nicegui>=3.18,<4', or run make setup")
    try:
        address = check_address(options.host, options.port, options.token)
        listener = _listen(address)
        node_name = _full_name(options.node)
    except ArgumentError as error:
        return _fail(str(error))
    from eovseg_ros.web.robot.robot import Robot
    from eovseg_ros.web.robot.ros_thread import RosThread
    from eovseg_ros.web.server.serve import serve

    address = address._replace(port=listener.getsockname()[1])
    with RosThread("eovseg_web") as node:
        robot = Robot(node, node_name)
        print(f"console of {node_name}: {address.url}  (Ctrl-C ends it)", flush=True)
        try:
            serve(robot, address, listener)
        except KeyboardInterrupt:
            pass
    return 0


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="eovseg-ros web", description="Serve a web page that shows and controls a running node."
    )
    parser.add_argument("--node", default="/eovseg", help="name of the node (default: /eovseg)")
    parser.add_argument(
        "--host", default="127.0.0.1", help="address to listen on (default: 127.0.0.1, this machine only)"
    )
    parser.add_argument(
        "--port", type=int, default=_DEFAULT_PORT, help=f"port; 0: any free one (default: {_DEFAULT_PORT})"
    )
    parser.add_argument(
        "--token",
        nargs="?",
        const="",
        help="ask browsers for this token; without a value, for a random one. Any other host needs it",
    )
    return parser.parse_args(arguments)


def _listen(address: Address) -> socket.socket:
    try:
        family = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM)[0][0]
        listener = socket.create_server((address.host, address.port), family=family)
        # Connections inherit it; without it, a picture would wait 40 ms for the receipt of its headers.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return listener
    except OverflowError:
        raise ArgumentError(f"--port {address.port}: a port is 0 to 65535") from None
    except OSError as error:
        remedy = "; choose another --port" if error.errno in (13, 98) else ""
        raise ArgumentError(
            f"cannot listen on {address.host} port {address.port}: {error.strerror or error}{remedy}"
        ) from None


def _full_name(name: str) -> str:
    try:
        full = expand_topic_name(name, "eovseg_web", "/")
        validate_full_topic_name(full)
    except (ValueError, NameValidationException) as error:
        raise ArgumentError(f"--node must be a node's name, such as /robot/eovseg; got {name!r}") from error
    return full


def _fail(reason: str) -> int:
    print(f"eovseg-ros web: {reason}", file=sys.stderr)
    return 1
