from .latency import replayed_graph as replayed_graph
