from .colours import name_colour as name_colour
from .overlay import draw_overlay as draw_overlay
from .overlay import segment_colours as segment_colours
from .overlay import segment_title as segment_title
