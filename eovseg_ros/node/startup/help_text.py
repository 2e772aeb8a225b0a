"""What `eovseg_node --help` prints."""

import textwrap

from eovseg_ros.node.parameter_checks import Spec
from eovseg_ros.node.parameters import NodeParameters, parameter_specs

_WIDTH = 100
_TEXT = """\
usage: eovseg_node [--help] [--ros-args ROS_ARGUMENT ...]

Live open-vocabulary panoptic segmentation: the ROS 2 node /eovseg labels every image of a camera with the
words of its vocabulary.

  eovseg_node --ros-args -r image:=/camera/image_raw -p "vocabulary:=['mug,cup', 'floor|stuff']"

ROS arguments, after --ros-args:
  -r image:=TOPIC          the camera's images; compressed ones are looked for at TOPIC/compressed
  -r __node:=NAME          another name of the node
  -r __ns:=/NAMESPACE      its namespace
  -p NAME:=VALUE           a parameter, as below; of several values the last counts
  --params-file FILE       parameters in a file: {{"/**": {{ros__parameters: {{NAME: VALUE}}}}}}
  --log-level LEVEL        debug, info, warn, error or fatal

Topics, below the node's name where they begin with ~:
  image, image/compressed  in; one of them, by the parameter image_transport
  ~/panoptic               label image: pixel = segment id
  ~/semantic               label image: pixel = class index + 1
  ~/segments               id, class, score, box and so on of every segment
  ~/overlay                picture with colours and names
  ~/vocabulary             the classes in use; ~/label_info where vision_msgs is installed
  /diagnostics             rates, latency, errors

Parameters (live: may change while the node runs):
{parameters}"""


def help_text() -> str:
    """Usage, ROS arguments, topics, and every parameter with its default."""
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
