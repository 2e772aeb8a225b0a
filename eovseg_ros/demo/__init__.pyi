from .live import play_live as play_live
from .play import main as main
