"""Names of entities."""


class Paths:
    """Entities of a camera, below its name.

    Example:
        >>> Paths("front").labels, Paths("").points
        ('front/pose/image/labels', 'camera/points')
    """

    def __init__(self, camera: str) -> None:
        self.root = camera or "camera"  # names of classes; the frame of positions
        self.pose = f"{self.root}/pose"
        self.image = f"{self.pose}/image"  # the pinhole
        self.picture = f"{self.image}/rgb"
        self.labels = f"{self.image}/labels"
        self.boxes = f"{self.image}/boxes"
        self.boxes_in_space = f"{self.root}/boxes"
        self.points = f"{self.root}/points"
        self.rate = f"{self.root}/rate"
        self.latency = f"{self.root}/latency"


LOG = "log"  # of the node's state and errors
