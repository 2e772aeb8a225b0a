"""The node's parameters: their values, checked together."""

import dataclasses
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from rclpy.exceptions import InvalidParameterValueException
from rclpy.node import Node
from rclpy.parameter import Parameter

from eovseg_model.vocabulary import Vocabulary
from eovseg_ros.node.parameter_checks import ParameterError, Spec, check, check_cameras, descriptor
from eovseg_ros.node.parameter_fields.camera_fields import CameraFields
from eovseg_ros.node.parameter_fields.model_fields import DEFAULT_VOCABULARY, ModelFields
from eovseg_ros.node.parameter_fields.result_fields import ResultFields

__all__ = ["NodeParameters", "ParameterError", "parameter_specs"]

_NAMES_CLASSES = {"vocabulary", "variant"}  # parameters

Parse = Callable[[Sequence[str]], Vocabulary]


@dataclass(frozen=True)
class NodeParameters(ResultFields, CameraFields, ModelFields):  # in reverse order
    """Checked values of all parameters."""

    @property
    def camera_names(self) -> tuple[str, ...]:
        """The parameter cameras; an empty name stands for the only, unnamed camera."""
        return self.cameras or ("",)

    @property
    def model_vocabulary(self) -> tuple[str, ...]:
        """The parameter vocabulary as the predictor expects it."""
        default = "@simulation_trained" if self.variant == "tiny" else "@coco_panoptic"
        return tuple(default if e.strip() in DEFAULT_VOCABULARY else e for e in self.vocabulary)

    @property
    def model_overlap_threshold(self) -> float | None:
        """The parameter overlap_threshold as the predictor expects it."""
        return self.overlap_threshold if self.overlap_threshold >= 0 else None

    @classmethod
    def declare(cls, node: Node, parse: Parse = Vocabulary.parse) -> "NodeParameters":
        """Declare all parameters on `node` and read them. Raises ParameterError for an invalid value."""
        values = {}
        for name, spec in parameter_specs().items():
            default = getattr(cls, name)
            start = list(default) if isinstance(default, tuple) else default
            try:
                values[name] = node.declare_parameter(name, start, descriptor(default, spec)).value
            except InvalidParameterValueException as error:  # rclpy checks ranges itself
                raise ParameterError(str(error)) from None
        return cls().replaced(values, parse)

    def replaced(self, values: Mapping[str, object], parse: Parse = Vocabulary.parse) -> "NodeParameters":
        """Return a copy with new values. Raises ParameterError for an invalid one."""
        replaced = self._with_checked(values)
        check_cameras(replaced.cameras)
        if _NAMES_CLASSES & values.keys():
            try:
                parse(replaced.model_vocabulary)
            except ValueError as error:
                raise ParameterError(f"'vocabulary' refused: {error}") from error
        return replaced

    def requested_vocabulary(self, values: Mapping[str, object]) -> tuple[str, ...] | None:
        """Return `model_vocabulary` with these values; None if they do not set it or have a wrong type."""
        if not _NAMES_CLASSES & values.keys():
            return None
        try:
            return self._with_checked(values).model_vocabulary
        except ParameterError:
            return None

    def _with_checked(self, values: Mapping[str, object]) -> "NodeParameters":
        specs = parameter_specs()
        checked = {
            name: check(name, value, getattr(NodeParameters, name), specs[name])
            for name, value in values.items()
            if name in specs
        }
        return dataclasses.replace(self, **checked)

    def changed_at_run_time(
        self, parameters: Iterable[Parameter], parse: Parse = Vocabulary.parse
    ) -> "NodeParameters":
        """Like `replaced`, but refuse changes of parameters that are not live."""
        specs = parameter_specs()
        values = {p.name: p.value for p in parameters}
        replaced = self.replaced(values, parse)
        for name in values:
            if name in specs and not specs[name].live and getattr(replaced, name) != getattr(self, name):
                raise ParameterError(
                    f"'{name}' cannot change while the node runs: restart the node with the new value "
                    "(or take it through the lifecycle: deactivate, cleanup, set, configure, activate)"
                )
        return replaced


def parameter_specs() -> dict[str, Spec]:
    """Return the specifications of all parameters by name, in the order of the fields."""
    return {f.name: f.metadata["spec"] for f in dataclasses.fields(NodeParameters)}
