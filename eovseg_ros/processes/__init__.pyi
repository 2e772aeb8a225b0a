from .child_process import ChildProcess as ChildProcess
from .own_graph import use_own_graph as use_own_graph
from .spinning import until_shutdown as until_shutdown
