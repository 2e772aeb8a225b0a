from .discovery import measure_discovery as measure_discovery
from .latency import measure_latency as measure_latency
from .latency_probe import BackendFailure as BackendFailure
from .replayed_graph import replayed_graph as replayed_graph
from .soak import measure_soak as measure_soak
