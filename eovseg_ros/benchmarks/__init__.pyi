from .console.console_cost import measure_console as measure_console
from .depth_cost import measure_depth_cost as measure_depth_cost
from .discovery import measure_discovery as measure_discovery
from .latency import measure_latency as measure_latency
from .latency_probe import BackendFailure as BackendFailure
from .replayed_graph import replayed_graph as replayed_graph
from .several_cameras import measure_cameras as measure_cameras
from .soak import measure_soak as measure_soak
