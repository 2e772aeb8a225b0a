"""The recorded camera as a bag."""

from bag_files import FIRST, camera_info, image, write_bag

from eovseg_model.simulation import Recording
from eovseg_ros.simulation.camera_frame import RecordedFrame
from eovseg_ros.simulation.recorded_camera_node import ROBOT_VIEW


def write_recorded_bag(folder, frames, *, size=(320, 240), depth=True, **settings):
    """Write the first frames of the recorded camera, at 10 Hz, with depth and calibration."""
    recording = Recording(ROBOT_VIEW)
    messages = []
    for i in range(frames):
        time = FIRST + i * 10**8
        frame = RecordedFrame(recording, i % len(recording), size)
        messages.append(("/camera/image_raw", time, image(frame.rgb, time)))
        if depth:
            messages.append(("/camera/camera_info", time, camera_info(time, size, frame.fx)))
            messages.append(("/camera/depth", time, image(frame.depth, time, "32FC1")))
    return write_bag(folder, messages, **settings)
