"""The text of `eovseg_node --help`."""

import textwrap

from eovseg_ros.node.parameter_checks import Spec
from eovseg_ros.node.parameters import NodeParameters, parameter_specs

_WIDTH = 100
_TEXT = """\
usage: eovseg_node [--help] [--ros-args ROS_ARGUMENT ...]

Live open-vocabulary panoptic segmentation: the ROS 2 node /eovseg segments the images of a camera into the
classes of its vocabulary.

  eovseg_node --ros-args -r image:=/camera/image_raw -p "vocabulary:=['mug,cup', 'floor|stuff']"

ROS arguments, after --ros-args:
  -r image:=TOPIC          the camera's images; compressed images are on TOPIC/compressed
  -r depth:=TOPIC          with use_depth, the depth registered to them
  -r camera_info:=TOPIC    with use_depth, their calibration
  -r __node:=NAME          name of the node
  -r __ns:=/NAMESPACE      namespace of the node
  -p NAME:=VALUE           a parameter (see below); the last value of a parameter counts
  --params-file FILE       parameters in a file: {{"/**": {{ros__parameters: {{NAME: VALUE}}}}}}
  --log-level LEVEL        debug, info, warn, error or fatal

Topics (~ is the node's full name):
  image, image/compressed  input; the parameter image_transport selects one
  depth, camera_info       input, with use_depth
  ~/panoptic               label image: pixel = segment id
  ~/semantic               label image: pixel = class index + 1
  ~/segments               id, class, score, box, position, ... of every segment
  ~/overlay                image with colours and names
  ~/points, ~/markers      with depth: labelled cloud, boxes and names for RViz
  ~/detections             things; if vision_msgs is installed, and ~/detections_3d with depth
  ~/vocabulary             the classes in use; ~/label_info if vision_msgs is installed
  ~/status, /diagnostics   rates, latency, errors
Of camera front (parameter cameras): front/image, front/depth, front/camera_info, ~/front/segments, ...

Services:
  ~/segment                segments one image
  ~/set_vocabulary         answers once the vocabulary is live
  ~/enable                 stop and go

Parameters (live: may change while the node runs):
{parameters}"""


def help_text() -> str:
    """Return usage, ROS arguments, topics, and all parameters with their defaults."""
    described = (_describe(name, spec) for name, spec in parameter_specs().items())
    return _TEXT.format(parameters="\n".join(described))


def _describe(name: str, spec: Spec) -> str:
    default = getattr(NodeParameters, name)
    shown = list(default) if isinstance(default, tuple) else default
    facts = [f"default {str(shown).lower() if isinstance(shown, bool) else repr(shown)}"]
    facts += [spec.range_text] if spec.range_text else []
    facts += ["one of " + ", ".join(spec.choices)] if spec.choices else []
    facts += ["live"] if spec.live else []
    text = textwrap.fill(
        spec.description, _WIDTH, initial_indent=" " * 6, subsequent_indent=" " * 6, break_on_hyphens=False
    )
    return f"  {name} ({'; '.join(facts)})\n{text}"
