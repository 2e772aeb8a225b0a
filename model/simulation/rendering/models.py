"""URDF files of pybullet_data, completed so that PyBullet loads them without warnings."""

import xml.etree.ElementTree as ElementTree
from functools import cache
from pathlib import Path

import pybullet_data


@cache
def complete_urdf(path: str) -> str:
    """Return the text of a URDF below pybullet_data, with a mass for every link and absolute mesh paths.

    Raises FileNotFoundError if pybullet_data has no such file.
    """
    file = Path(pybullet_data.getDataPath()) / path
    robot = ElementTree.parse(file).getroot()
    for link in robot.iter("link"):
        if link.find("inertial") is None:
            inertial = ElementTree.SubElement(link, "inertial")
            ElementTree.SubElement(inertial, "mass", value="1")
            ElementTree.SubElement(inertial, "inertia", ixx="1", ixy="0", ixz="0", iyy="1", iyz="0", izz="1")
    for mesh in robot.iter("mesh"):
        mesh.set("filename", str(file.parent / mesh.attrib["filename"]))
    return ElementTree.tostring(robot, encoding="unicode")
