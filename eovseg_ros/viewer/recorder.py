"""The stream of data to Rerun."""

import time
from typing import Any

import numpy as np

from eovseg_ros.clients import ClientError
from eovseg_ros.viewer.destination import Destination
from eovseg_ros.viewer.viewer_process import Wait, check_viewer, open_viewer, viewer_url

_FLUSH_SECONDS = 0.5
TIMELINE = "stamp"


class Recorder:
    """Sends data to a viewer or a file; what has been sent is waited for, so that nothing is queued.

    Raises ClientError if the viewer or the file cannot be opened.
    """

    def __init__(self, destination: Destination, wait: Wait) -> None:
        import rerun as rr

        self._recording = rr.RecordingStream("eovseg_ros")
        self._to = self._open(destination, wait)
        self._pending = False

    @property
    def description(self) -> str:
        """Where the data goes."""
        return self._to

    def log(self, stamp: int, path: str, *what: Any) -> None:
        """Log data at a time, nanoseconds of ROS."""
        self._recording.set_time(TIMELINE, timestamp=np.datetime64(stamp, "ns"))
        self._recording.log(path, *what)
        self._pending = True

    def log_static(self, path: str, *what: Any) -> None:
        """Log data for all times."""
        self._recording.log(path, *what, static=True)
        self._pending = True

    def show(self, blueprint: Any) -> None:
        """Arrange the views."""
        self._recording.send_blueprint(blueprint)

    def flush(self) -> bool:
        """Wait for half a second until all is sent; return whether it is.

        Raises ClientError if the viewer has gone or the file cannot be written.
        """
        if not self._pending:
            return True
        started = time.monotonic()
        try:
            self._recording.flush(timeout_sec=_FLUSH_SECONDS)
        except RuntimeError as error:  # for a timeout, too
            if time.monotonic() - started > 0.9 * _FLUSH_SECONDS:
                return False
            raise ClientError(f"{self._to} is gone: {error}") from error
        self._pending = False
        return True

    def close(self) -> None:
        """Complete the file, or disconnect."""
        self._recording.disconnect()

    def _open(self, destination: Destination, wait: Wait) -> str:
        if destination.file:
            try:
                destination.file.open("ab").close()  # an error of Rerun does not name the reason
                self._recording.save(destination.file)
            except RuntimeError as error:
                raise ClientError(f"{destination.file}: {error}") from error
            return str(destination.file)
        url = viewer_url(destination.address) if destination.address else ""
        if url:
            check_viewer(url)
        else:
            url = open_viewer(destination.memory_limit, wait)
        self._recording.connect_grpc(url)
        return f"the viewer at {url}"
