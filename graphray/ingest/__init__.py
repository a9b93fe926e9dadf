"""Whatever a user brings, as one graph in stable ids."""

from graphray.ingest.graph import InputEdges, InputGraph, InputNodes, MissingNodes, assemble
from graphray.ingest.inputs import EdgeInput, read_edges, read_nodes
from graphray.ingest.source import Source

__all__ = [
    "EdgeInput",
    "InputEdges",
    "InputGraph",
    "InputNodes",
    "MissingNodes",
    "Source",
    "assemble",
    "read_edges",
    "read_nodes",
]
