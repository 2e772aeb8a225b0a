from .play import main as main
