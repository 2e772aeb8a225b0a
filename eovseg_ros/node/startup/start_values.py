"""The node's start values: the last value given for each parameter, in the parameter's type."""

import difflib
from collections.abc import Sequence

from eovseg_ros.node.parameter_checks import ParameterError, check, convert
from eovseg_ros.node.parameters import NodeParameters, parameter_specs
from eovseg_ros.node.startup.ros_arguments import GivenParameter, full_name, given_parameters

_OF_ROS = ("use_sim_time", "start_type_description_service")  # both are true or false


def start_values(words: Sequence[str], node: str = "eovseg") -> dict[str, object]:
    """Return the parameters on the node's command line by name. Raises ParameterError for an invalid one.

    Without a message, rcl ignores the later of two values with different types (`overlay: true`, then
    `overlay:=0`), and prefers a file's section for one node to later values on the command line.
    """
    chosen: dict[str, GivenParameter] = {}
    name = full_name(words, node)
    for given in given_parameters(words):
        if given.is_for(name):
            chosen[given.name] = given
        elif not given.in_a_file:
            raise ParameterError(f"{given.source} is for another node: this node is {name}")
    return {name: _checked(given) for name, given in chosen.items() if _is_known(name)}


def warnings_of_unknown_names(words: Sequence[str], node: str = "eovseg") -> list[str]:
    """Return a line per unknown name; names in files may be parameters of other nodes."""
    lines = []
    for given in given_parameters(words):
        if _is_known(given.name) or given.name.startswith("qos_overrides."):
            continue
        similar = difflib.get_close_matches(given.name, parameter_specs(), 1, 0.8)
        if similar and given.is_for(full_name(words, node)) or not given.in_a_file:
            hint = f"did you mean '{similar[0]}'?" if similar else "see --help for the list"
            lines.append(f"no parameter is named '{given.name[:80]}': {hint} ({given.source})")
    return lines


def _is_known(name: str) -> bool:
    return name in parameter_specs() or name in _OF_ROS


def _checked(given: GivenParameter) -> object:
    name = given.name
    if name in _OF_ROS:
        value = convert(given.value, False)
        if not isinstance(value, bool):
            raise ParameterError(f"'{name}' must be true or false, got {str(value)[:80]!r} ({given.source})")
        return value
    default = getattr(NodeParameters, name)
    try:
        value = check(name, convert(given.value, default), default, parameter_specs()[name])
    except ParameterError as error:
        raise ParameterError(f"{error} ({given.source})") from None
    return list(value) if isinstance(value, tuple) else value
