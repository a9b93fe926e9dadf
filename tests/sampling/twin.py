"""The slow twin of the sampler: plain Python over plain lists, no partitions, no kernels.

Written from the definition: rows in canonical order, Floyd's draw, streams keyed by stable id.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from graphray.sampling.streams import BatchStream, mix64, relation_word
from graphray.schema import Direction, Relation

MASK = 2**64 - 1
GOLDEN = 0x9E3779B97F4A7C15


@dataclass
class PlainGraph:
    """Node counts by type, and per relation its edges as (source, destination) in input order."""

    counts: dict[str, int]
    edges: dict[Relation, list[tuple[int, int]]]
    undirected: set[Relation] = field(default_factory=set)

    def row(self, relation: Relation, direction: Direction, node: int) -> list[tuple[int, int]]:
        """(neighbour, edge id) of one node, in canonical order."""
        entries = set()
        for edge_id, (source, destination) in enumerate(self.edges[relation]):
            both = relation in self.undirected
            if node == destination and (both or direction == "in"):
                entries.add((source, edge_id))
            if node == source and (both or direction == "out"):
                entries.add((destination, edge_id))
        return sorted(entries)


def draw(row: list, fanout: int, stable: int, key: int) -> list:
    """Up to ``fanout`` entries of a row (-1: all)."""
    if fanout == -1 or len(row) <= fanout:
        return list(row)
    state = mix64(((stable * GOLDEN) & MASK) ^ key)
    chosen: list[int] = []
    for last in range(len(row) - fanout, len(row)):
        state = (state + GOLDEN) & MASK
        position = (mix64(state) * (last + 1)) >> 64
        chosen.append(last if position in chosen else position)
    return [row[position] for position in chosen]


def sample(
    graph: PlainGraph,
    seeds: dict[str, list[int]],
    fanouts: dict[Relation, list[int]],
    direction: Direction,
    stream: BatchStream,
) -> tuple[dict[str, list[int]], dict[Relation, list[tuple[int, int, int]]]]:
    """Nodes by type (stable ids), and edges by relation as (source, destination, edge id)."""
    nodes: dict[str, list[int]] = {name: [] for name in graph.counts}
    for name, ids in seeds.items():
        nodes[name] = list(dict.fromkeys(ids))
    edges: dict[Relation, list[tuple[int, int, int]]] = {relation: [] for relation in fanouts}
    done = dict.fromkeys(nodes, 0)
    for hop in range(max(map(len, fanouts.values()))):
        frontier = {name: nodes[name][done[name] :] for name in nodes}
        done = {name: len(nodes[name]) for name in nodes}
        for relation, draws in fanouts.items():
            near = relation.destination if direction == "in" else relation.source
            far = relation.source if direction == "in" else relation.destination
            stored = "in" if relation in graph.undirected else direction
            key = stream.hop_key(hop, relation_word(relation, stored))
            for node in frontier[near]:
                row = graph.row(relation, direction, node)
                for neighbor, edge_id in draw(row, draws[hop], node, key) if draws[hop] else []:
                    if neighbor not in nodes[far]:
                        nodes[far].append(neighbor)
                    source, destination = (
                        (neighbor, node) if direction == "in" else (node, neighbor)
                    )
                    edges[relation].append((source, destination, edge_id))
    return nodes, edges
