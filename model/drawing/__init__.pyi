from .colours import name_colour as name_colour
from .overlay import draw_overlay as draw_overlay
from .overlay import segment_colours as segment_colours
from .overlay import segment_title as segment_title
from .space_picture import Ground as Ground
from .space_picture import TitledBox as TitledBox
from .space_picture import draw_space as draw_space
from .viewpoint import Viewpoint as Viewpoint
