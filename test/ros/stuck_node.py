"""The node with the stand-in model, on a machine where things fail: a file that hangs, callbacks that raise.

Files named `hanging...` take 30 s to open. A message "timer" or "callback" on /fault makes a timer or the
subscription itself raise; "take" makes the next request to ~/get_state fail while it is taken.
FAIL_ACTIVATION=1 in the environment makes the second activation fail.
"""

import os
import sys
import time

from fake_node import FakePredictor
from std_msgs.msg import String

from eovseg_model.inference.input_size import check_input_size
from eovseg_ros.node import run_node
from eovseg_ros.node.panoptic_node import PanopticNode
from eovseg_ros.processes import run_program

real_open = os.open


def open_slowly(path, *rest, **options):
    if "hanging" in os.path.basename(os.fspath(path)):
        time.sleep(30)
    return real_open(path, *rest, **options)


class Predictor(FakePredictor):
    def __call__(self, image, *, short_side, **options):
        if short_side == -1:
            check_input_size(image.shape[:2], image.shape[:2])
        return super().__call__(image, short_side=short_side, **options)


class FaultyNode(PanopticNode):
    def __init__(self, *rest):
        super().__init__(*rest)
        self.activations = 0
        self.create_subscription(String, "/fault", self.fail, 10)

    async def _activate(self):
        self.activations += 1
        if os.environ.get("FAIL_ACTIVATION") and self.activations == 2:
            raise OSError("out of sockets")
        await super()._activate()

    def fail(self, message):
        if message.data == "callback":
            raise RuntimeError("the subscription failed")
        if message.data == "timer":
            self.timer = self.create_timer(0.05, self.fail_again)
        if message.data == "take":
            executor, take = self.executor, self.executor._take_service

            def fail_once(service):
                if not service.srv_name.endswith("get_state"):
                    return take(service)
                take(service)
                executor._take_service = take
                raise UnicodeDecodeError("utf-8", b"\xff", 0, 1, "the request is garbled")

            executor._take_service = fail_once
        self.get_logger().info(f"fault {message.data} is set")

    def fail_again(self):
        raise ZeroDivisionError("the timer failed")


if __name__ == "__main__":
    os.open = open_slowly
    run_node.PanopticNode = FaultyNode
    run_program(lambda ending: run_node.run_node(ending, sys.argv[1:], lambda parameters: Predictor()))
