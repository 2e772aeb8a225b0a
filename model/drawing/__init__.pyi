from .overlay import LabelledSegment as LabelledSegment
from .overlay import draw_overlay as draw_overlay
