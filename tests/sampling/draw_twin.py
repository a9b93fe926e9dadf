"""The slow twins of the ways to draw, and of a sampler that takes any of them.

Plain Python over plain lists, written from the definitions: no partitions, no addresses, and no
order but that of the rows.
"""

from __future__ import annotations

import bisect
import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from graphray.sampling.streams import BatchStream, mix64, relation_word
from graphray.schema import Direction, Relation
from tests.sampling.twin import GOLDEN, MASK, PlainGraph, draw

Entry = tuple[int, int]
"""A neighbour and an edge id."""


@dataclass(frozen=True)
class Row:
    """One adjacency row to draw from: its entries, the word of its stream, and its time."""

    relation: Relation
    entries: list[Entry]
    word: int
    now: int = 0


Rule = Callable[[Row, int, int], list[Entry]]
"""From a row, a fanout and a key to what is drawn."""

HopRule = Callable[[Sequence[Row], int, int], list[list[Entry]]]
"""The same for all rows of a hop at once."""


def row_by_row(rule: Rule) -> HopRule:
    return lambda rows, fanout, key: [rule(row, fanout, key) for row in rows]


def words_of(word: int, key: int) -> Callable[[], int]:
    """The random words of a row, one after another."""
    state = mix64(((word * GOLDEN) & MASK) ^ key)

    def following() -> int:
        nonlocal state
        state = (state + GOLDEN) & MASK
        return mix64(state)

    return following


def uniform(row: Row, fanout: int, key: int) -> list[Entry]:
    return draw(row.entries, fanout, row.word, key)


def with_replacement(row: Row, fanout: int, key: int) -> list[Entry]:
    if fanout == -1 or not row.entries:
        return row.entries
    following = words_of(row.word, key)
    return [row.entries[following() * len(row.entries) >> 64] for _ in range(fanout)]


def alias_table(weights: Sequence[float]) -> list[tuple[int, int]]:
    """Threshold in units of 2**-32, and alias, of every column."""
    heights = [weight / max(weights) for weight in weights]
    total = 0.0
    for height in heights:
        total += height
    heights = [height * (len(weights) / total) for height in heights]
    small = [i for i, height in enumerate(heights) if height < 1]
    large = [i for i, height in enumerate(heights) if not height < 1]
    table = [(0, 0)] * len(weights)
    while small and large:
        low, high = small.pop(), large[-1]
        table[low] = (int(heights[low] * 2**32), high)
        heights[high] -= 1 - heights[low]
        if heights[high] < 1:
            small.append(large.pop())
    for i in large:
        table[i] = (2**32 - 1, i)
    for i in small:
        table[i] = (2**32 - 1, i) if weights[i] > 0 else (0, weights.index(max(weights)))
    return table


def by_alias(table: Sequence[tuple[int, int]], word: int) -> int:
    column = word * len(table) >> 64
    coin = ((word * len(table)) & MASK) >> 32
    threshold, alias = table[column]
    return column if coin < threshold else alias


def weighted(weight_of: Callable[[Relation, int], float], replace: bool) -> Rule:
    """Draws by the weights of edges, which are given by relation and edge id."""

    def rule(row: Row, fanout: int, key: int) -> list[Entry]:
        weights = [weight_of(row.relation, edge) for _, edge in row.entries]
        drawable = [i for i, weight in enumerate(weights) if weight > 0]
        following = words_of(row.word, key)
        if fanout != -1 and replace and drawable:
            table = alias_table(weights)
            return [row.entries[by_alias(table, following())] for _ in range(fanout)]
        if fanout == -1 or len(drawable) <= fanout:
            return [row.entries[i] for i in drawable]
        chosen: list[int] = []
        if len(weights) >= 1.25 * fanout:
            table = alias_table(weights)
            for _ in range(4 * fanout):
                entry = by_alias(table, following())
                if entry not in chosen:
                    chosen.append(entry)
                if len(chosen) == fanout:
                    return [row.entries[i] for i in chosen]
        arrivals = []
        for i, weight in enumerate(weights):
            uniform = ((following() >> 11) + 0.5) * 2.0**-53
            if weight > 0 and i not in chosen:
                arrivals.append((-math.log(uniform) / weight, i))
        chosen += [i for _, i in sorted(arrivals)[: fanout - len(chosen)]]
        return [row.entries[i] for i in chosen]

    return rule


def temporal(
    time_of: Callable[[Relation, Entry], int],
    strategy: str,
    max_age: int | None,
    replace: bool,
) -> Rule:
    """Draws among what is not later than a row's time."""

    def rule(row: Row, fanout: int, key: int) -> list[Entry]:
        def is_seen(entry: Entry) -> bool:
            age = row.now - time_of(row.relation, entry)
            return age >= 0 and (max_age is None or age <= max_age)

        seen = [entry for entry in row.entries if is_seen(entry)]
        seen.sort(key=lambda entry: time_of(row.relation, entry))
        then = Row(row.relation, seen, row.word)
        if strategy == "latest":
            return seen[::-1] if fanout == -1 else seen[::-1][:fanout]
        return (with_replacement if replace else uniform)(then, fanout, key)

    return rule


def uniform_of(word: int) -> float:
    return ((word >> 11) + 0.5) * 2.0**-53


def weighted_temporal(
    time_of: Callable[[Relation, Entry], int],
    weight_of: Callable[[Relation, int], float],
    max_age: int | None,
    replace: bool,
) -> Rule:
    """Draws by weight among what is not later than a row's time."""

    def rule(row: Row, fanout: int, key: int) -> list[Entry]:
        def age(entry: Entry) -> int:
            return row.now - time_of(row.relation, entry)

        drawable = [e for e in row.entries if weight_of(row.relation, e[1]) > 0]
        drawable.sort(key=lambda entry: -age(entry))
        weights = [weight_of(row.relation, edge) for _, edge in drawable]
        sums = list(itertools.accumulate(w / max(weights) for w in weights))
        start = sum(max_age is not None and age(entry) > max_age for entry in drawable)
        seen = [entry for entry in drawable if age(entry) >= 0][start:]
        if fanout == -1 or not seen or (len(seen) <= fanout and not replace):
            return seen
        below, above = sums[start - 1] if start else 0.0, sums[start + len(seen) - 1]
        following = words_of(row.word, key)

        def searched() -> int:
            target = below + uniform_of(following()) * (above - below)
            at = bisect.bisect_right(sums, target, start, start + len(seen))
            return min(at - start, len(seen) - 1)

        def scanned() -> int:
            heights = [w / max(window) for w in window]
            left, at = uniform_of(following()) * sum(heights), -1
            while left >= 0 and at < len(seen) - 1:
                at += 1
                left -= heights[at]
            return at

        window = weights[start : start + len(seen)]
        is_exact = above - below >= above * 2.0**-20
        if replace:
            return [seen[searched() if is_exact else scanned()] for _ in range(fanout)]
        chosen: list[int] = []
        if is_exact and len(seen) >= 1.25 * fanout:
            for _ in range(4 * fanout):
                at = searched()
                if at not in chosen:
                    chosen.append(at)
                if len(chosen) == fanout:
                    return [seen[at] for at in chosen]
        arrivals = [(-math.log(uniform_of(following())) / w, at) for at, w in enumerate(window)]
        late = sorted(each for each in arrivals if each[1] not in chosen)
        return [seen[at] for at in chosen + [at for _, at in late[: fanout - len(chosen)]]]

    return rule


def labor(row: Row, fanout: int, key: int) -> list[Entry]:
    """LABOR-0: neighbours whose number of the hop is below fanout / degree."""
    if fanout == -1 or len(row.entries) <= fanout:
        return row.entries
    limit = int(2.0**64 * (fanout / len(row.entries)))
    return [e for e in row.entries if mix64(((e[0] * GOLDEN) & MASK) ^ key) < limit]


def bisected_scale(chances: Sequence[float], weights: Sequence[float], fanout: int) -> float:
    """The scale of a row, by bisection of the equation that defines it."""
    if len(chances) <= fanout:
        return (1 + 2.0**-50) / min(chances)

    def variance(scale: float) -> float:
        pairs = zip(chances, weights, strict=True)
        return sum(w * w / min(1.0, scale * p) - w * w for p, w in pairs)

    target = sum(weights) ** 2 * (1 / fanout - 1 / len(weights))
    low, high = 0.0, 1 / min(chances)
    for _ in range(200):
        middle = (low + high) / 2
        if variance(middle) > target:
            low = middle
        else:
            high = middle
    return high


def labor_chances(
    rows: Sequence[dict[Entry, float]], fanout: int, iterations: int, saved: float = 1e-4
) -> list[dict[Entry, float]]:
    """With which chance each entry of each row is drawn, given the entries' weights.

    An iteration that saves less than that share of the expected nodes is the last.
    """
    chances, nodes_before, left = list(rows), math.inf, iterations
    while True:
        scaled = []
        for own, row in zip(chances, rows, strict=True):
            weights = list(row.values())
            scale = bisected_scale(list(own.values()), weights, fanout) if row else 0.0
            scaled.append({entry: scale * chance for entry, chance in own.items()})
        if left == 0:
            return [{entry: min(1.0, chance) for entry, chance in row.items()} for row in scaled]
        highest: dict[int, float] = {}
        for row in scaled:
            for (node, _), chance in row.items():
                highest[node] = max(highest.get(node, 0), chance)
        chances = [{entry: highest[entry[0]] for entry in row} for row in rows]
        nodes = sum(min(1.0, chance) for chance in highest.values())
        left = 0 if saved and nodes > (1 - saved) * nodes_before else left - 1
        nodes_before = nodes


def importance_labor(
    weight_of: Callable[[Relation, int], float] | None, iterations: int
) -> HopRule:
    """LABOR-i, of weighted edges too."""

    def rule(rows: Sequence[Row], fanout: int, key: int) -> list[list[Entry]]:
        weighed = []
        for row in rows:
            weights = [weight_of(row.relation, e) if weight_of else 1.0 for _, e in row.entries]
            largest = max(weights, default=1.0)
            pairs = zip(row.entries, weights, strict=True)
            weighed.append({entry: float(np.float32(w / largest)) for entry, w in pairs if w > 0})
        limit = 2**62 if fanout == -1 else fanout
        return [
            [e for e, p in row.items() if mix64(((e[0] * GOLDEN) & MASK) ^ key) < p * 2.0**64]
            for row in labor_chances(weighed, limit, iterations)
        ]

    return rule


def tree_word(stable: int, tree: int) -> int:
    return mix64(stable ^ mix64((tree + GOLDEN) & MASK))


def sample(
    graph: PlainGraph,
    seeds: dict[str, list[int]],
    fanouts: dict[Relation, list[int]],
    direction: Direction,
    stream: BatchStream,
    rule: HopRule,
    *,
    disjoint: bool = False,
    times: Sequence[int] | None = None,
) -> tuple[dict[str, list[tuple[int, int]]], dict[Relation, list[tuple[int, int, int]]]]:
    """Nodes by type as (tree, stable id), and edges by relation in local numbers, with edge ids.

    A merged batch is one tree, numbered 0, of which all seeds are roots.
    """
    nodes: dict[str, list[tuple[int, int]]] = {name: [] for name in graph.counts}
    roots = 0
    for name, ids in seeds.items():
        trees = range(roots, roots + len(ids)) if disjoint else [0] * len(ids)
        roots += len(ids)
        nodes[name] = list(dict.fromkeys(zip(trees, ids, strict=True)))
    edges: dict[Relation, list[tuple[int, int, int]]] = {relation: [] for relation in fanouts}
    done = dict.fromkeys(nodes, 0)
    for hop in range(max(map(len, fanouts.values()))):
        frontiers = {name: list(enumerate(nodes[name]))[done[name] :] for name in nodes}
        done = {name: len(nodes[name]) for name in nodes}
        for relation, counts in fanouts.items():
            near = relation.destination if direction == "in" else relation.source
            far = relation.source if direction == "in" else relation.destination
            stored = "in" if relation in graph.undirected else direction
            key = stream.hop_key(hop, relation_word(relation, stored))
            frontier = frontiers[near] if counts[hop] else []
            rows = [
                Row(
                    relation,
                    graph.row(relation, direction, node),
                    tree_word(node, tree) if disjoint else node,
                    times[tree] if times is not None else 0,
                )
                for _, (tree, node) in frontier
            ]
            drawn = [
                (local, tree, entry)
                for (local, (tree, _)), entries in zip(
                    frontier, rule(rows, counts[hop], key), strict=True
                )
                for entry in entries
            ]
            for _, tree, (neighbor, _) in sorted(drawn, key=lambda each: each[1]):
                if (tree, neighbor) not in nodes[far]:
                    nodes[far].append((tree, neighbor))
            for local, tree, (neighbor, edge) in drawn:
                other = nodes[far].index((tree, neighbor))
                ends = (other, local) if direction == "in" else (local, other)
                edges[relation].append((*ends, edge))
    return nodes, edges
