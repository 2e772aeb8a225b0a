"""A node, its console and a browser for the tests of a file."""

import contextlib
import os
import re
import shutil

import numpy as np
import pytest
from graph import Graph, image_publisher
from std_msgs.msg import Header

from eovseg_ros.messages import array_to_image
from eovseg_ros.processes import ChildProcess

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
# Against connections that Chromium makes by itself, some of them many times a second without a network.
FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    "--disable-dev-shm-usage",
)


class Station:
    """A camera at 10 Hz, the node with the stand-in model, and the console, on a graph of their own."""

    def __init__(self, folder, stack):
        self._folder = folder
        self._stack = stack
        self._logs = 0
        self.graph = stack.enter_context(Graph())
        self.colours = [(7, 1)]  # a square each: segment id and class
        self._publishers = {"": image_publisher(self.graph)}
        self.graph.node.create_timer(0.1, self._publish)
        self.node = None
        self.console = None

    def add_camera(self, name):
        """Publish the same picture on another topic, too."""
        self._publishers[name] = image_publisher(self.graph, f"/{name}/image")

    def start_node(self, **parameters):
        """Start the node, again if there is one."""
        if self.node:
            self.node.stop()
        given = {"vocabulary": ["cup", "ball", "floor|stuff"], "diagnostics_rate": 5.0} | parameters
        self.node = self._start("fake_node", parameters=given)

    def start_console(self, *arguments):
        """Start the console on a free port, and return its address."""
        marker = os.environ.pop("PYTEST_CURRENT_TEST", None)  # NiceGUI behaves differently with it
        try:
            command = ("web", "--port", "0", *arguments)
            self.console = self._start("eovseg_ros.cli.program", arguments=command)
        finally:
            if marker:
                os.environ["PYTEST_CURRENT_TEST"] = marker
        self.console.wait_for_log("Ctrl-C", 30)
        return re.search(r"http://\S+", self.console.log)[0]

    def _start(self, module, **settings):
        self._logs += 1
        log = self._folder / f"{self._logs}.log"
        return self._stack.enter_context(ChildProcess(module, log, **settings))

    def _publish(self):
        rgb = np.zeros((480, 640, 3), np.uint8)
        for i, colour in enumerate(self.colours):
            rgb[100:300, 60 + 140 * i : 180 + 140 * i, :2] = colour
        image = array_to_image(rgb, "rgb8", Header(stamp=self.graph.node.get_clock().now().to_msg()))
        for publisher in tuple(self._publishers.values()):
            publisher.publish(image)


@pytest.fixture(scope="module")
def station(tmp_path_factory):
    with contextlib.ExitStack() as stack:
        yield Station(tmp_path_factory.mktemp("station"), stack)


@pytest.fixture(scope="session")
def browser(tmp_path_factory):
    """A headless Chromium, driven by selenium."""
    if not (CHROMIUM and DRIVER):
        pytest.skip("chromium and chromium-driver are not installed")
    webdriver = pytest.importorskip("selenium.webdriver")
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for flag in (*FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('chromium')}", "--window-size=1400,1200"):
        options.add_argument(flag)
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(DRIVER))
    try:
        yield driver
    finally:
        driver.quit()
