from .destination import Destination as Destination
from .stream import stream as stream
