from .argument_errors import ArgumentError as ArgumentError
from .child_process import ChildProcess as ChildProcess
from .own_graph import use_own_graph as use_own_graph
from .ros_start import check_ros_arguments as check_ros_arguments
from .ros_start import init_ros as init_ros
from .spinning import until_shutdown as until_shutdown
