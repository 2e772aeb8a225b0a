"""`eovseg-ros` and a node with several cameras."""

import threading

from graph import image_publisher, squares

from eovseg_ros.cli import main as cli


def test_echo_takes_the_frames_of_the_camera_that_is_named(graph, start, capsys):
    node = start("fake_node", parameters={"vocabulary": ["cup", "ball"], "cameras": ["front", "rear"]})
    node.wait_for_log("segmenting /rear/image", 20)
    publishers = {name: image_publisher(graph, f"/{name}/image") for name in ("front", "rear")}
    pictures = {"front": squares((3, 0)), "rear": squares((7, 1))}
    done = threading.Event()

    def feed():
        while not done.wait(0.05):
            for name, publisher in publishers.items():
                publisher.publish(graph.picture(pictures[name]))

    thread = threading.Thread(target=feed)
    thread.start()
    try:
        for camera, label in (("front", "cup"), ("rear", "ball")):
            assert cli.main(["--timeout", "15", "echo", "--count", "2", "--camera", camera]) == 0
            lines = capsys.readouterr().out.splitlines()[1:]
            assert len(lines) == 2 and all(label in line for line in lines)
        assert cli.main(["--timeout", "0.5", "echo"]) == 1
        assert "no messages on /eovseg/segments: " in capsys.readouterr().err
    finally:
        done.set()
        thread.join()
