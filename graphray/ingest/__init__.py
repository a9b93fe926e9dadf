"""Whatever a user brings, as one graph in stable ids."""

from graphray.ingest.graph import InputEdges, InputGraph, InputNodes, MissingNodes
from graphray.ingest.reading import Directed, read_graph

__all__ = ["Directed", "InputEdges", "InputGraph", "InputNodes", "MissingNodes", "read_graph"]
