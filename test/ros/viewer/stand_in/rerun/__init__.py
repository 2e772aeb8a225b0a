"""A stand-in for rerun-sdk, which takes 790 MB: writes a line of JSON for each call.

Names and parameters are those of Rerun that eovseg_ros uses. Where it is installed, test_real_rerun.py
compares them.
`stand_in_state`, a file beside the output, may say that the viewer is "slow" or "gone".
"""

import json
import time
from pathlib import Path

import numpy as np

from . import blueprint as blueprint


class _Logged:
    def _keep(self, values):
        self.values = {name: value for name, value in values.items() if name not in ("self", "__class__")}

    def plain(self):
        return {
            "kind": type(self).__name__,
            **{k: _plain(v) for k, v in self.values.items() if v is not None},
        }


def _plain(value):
    if isinstance(value, _Logged):
        return value.plain()
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    if isinstance(value, dict):
        return {k: _plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    return value


class Image(_Logged):
    def __init__(self, image):
        assert image.dtype == np.uint8 and image.ndim == 3
        self._keep(locals())

    def compress(self, jpeg_quality=95):
        return self


class SegmentationImage(_Logged):
    def __init__(self, image, *, opacity=None):
        assert image.dtype in (np.uint8, np.uint16) and image.ndim == 2
        self._keep(locals())

    @classmethod
    def from_fields(cls, *, opacity=None):
        return cls(np.zeros((1, 1), np.uint8), opacity=opacity)


class AnnotationInfo(_Logged):
    def __init__(self, id, label=None, color=None):
        self._keep(locals())


class AnnotationContext(_Logged):
    def __init__(self, context):
        self._keep(locals())


class Boxes2D(_Logged):
    def __init__(self, *, mins=None, sizes=None, labels=None, colors=None):
        self._keep(locals())


class Boxes3D(_Logged):
    def __init__(self, *, centers=None, sizes=None, quaternions=None, labels=None, colors=None):
        self._keep(locals())


class Points3D(_Logged):
    def __init__(self, positions, *, colors=None):
        self._keep(locals())


class Pinhole(_Logged):
    def __init__(self, *, image_from_camera=None, resolution=None, camera_xyz=None):
        self._keep(locals())


class Transform3D(_Logged):
    def __init__(self, *, translation=None, mat3x3=None):
        self._keep(locals())


class Scalars(_Logged):
    def __init__(self, scalars):
        self._keep(locals())


class SeriesLines(_Logged):
    def __init__(self, *, names=None):
        self._keep(locals())


class TextLog(_Logged):
    def __init__(self, text, *, level=None):
        self._keep(locals())


class Clear(_Logged):
    def __init__(self, *, recursive):
        self._keep(locals())


class _Axes(_Logged):
    def __init__(self, name):
        self._keep(locals())


class ViewCoordinates:
    RDF = _Axes("RDF")
    RIGHT_HAND_Z_UP = _Axes("RIGHT_HAND_Z_UP")


class RecordingStream:
    def __init__(self, application_id):
        self._time = None
        self._file = None

    def save(self, path):
        self._state = Path(path).parent / "stand_in_state"
        self._file = Path(path).open("w")

    def connect_grpc(self, url):
        self.save(Path("viewer.jsonl"))
        self._write({"connected": url})

    def send_blueprint(self, blueprint):  # noqa: F811
        self._write({"blueprint": _plain(blueprint.plain())})

    def set_time(self, timeline, *, timestamp):
        assert timeline == "stamp"
        self._time = int(timestamp.astype("datetime64[ns]").astype(np.int64))

    def log(self, entity_path, *entities, static=False):
        for entity in entities:
            self._write({"path": entity_path, "time": None if static else self._time, **entity.plain()})

    def flush(self, *, timeout_sec=1e38):
        state = self._state.read_text() if self._state.exists() else ""
        if state == "slow":
            time.sleep(timeout_sec)
            raise RuntimeError("Flush timed out - not all log messages were sent")
        if state == "gone":
            raise RuntimeError("gRPC connection severed")
        self._file.flush()

    def disconnect(self):
        self._file.close()

    def _write(self, line):
        print(json.dumps(line), file=self._file)
