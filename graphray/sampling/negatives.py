"""Negative edges: pairs that are no edges, made by replacing an end of the edges of a batch.

Who may take the place of an end are nodes of the type that the relation has there, all of them or
those that stand there in some edge (the local closed world of Krompass, Baier and Tresp,
"Type-Constrained Representation Learning in Knowledge Graphs", ISWC 2015); they are drawn evenly,
by their degree to a power (Mikolov et al., "Distributed Representations of Words and Phrases", NIPS
2013, section 2.2), or from the other edges of the batch.

Pairs that turn out to be edges are drawn again, a few times at random and then from a list of what
is left, so that the promise holds for every negative and costs little for most.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from graphray.errors import ArgumentError

NegativeMode = Literal["binary", "triplet"]
NegativeDraw = Literal["uniform", "degree", "in-batch"]
CorruptedEnd = Literal["destination", "source", "either", "both"]


@dataclass(frozen=True)
class Negatives:
    """Which negative edges a link loader adds to each batch.

    Attributes:
        mode: "binary" adds pairs with the label 0; "triplet" gives every seed edge other
            destinations.
        amount: negatives per seed edge; a whole number for triplets.
        draw: "uniform"; "degree" in proportion to the degree at that end to the power ``alpha``;
            "in-batch" from the ends of the batch's other seed edges, which costs no further nodes.
        alpha: the power for "degree": 0.75 is word2vec's, 1 the chance to be met at the end of a
            random edge.
        corrupt: the end that is replaced: "destination", "source", "either" (a coin is tossed for
            each, as is usual for knowledge graphs) or "both". Triplets have "destination".
        among: "type" for all nodes of the type that the relation has at that end, "seen" for those
            that stand there in some edge of the relation: where a knowledge graph has entities of
            one type only, that is what a predicate's domain and range are in the data.
        avoid_edges: see to it that no negative is an edge of the relation, nor a seed edge of the
            batch. Without, a few are.
        node_time: an integer column: no node is drawn whose own is later than the seed edge's time.

    Example:
        >>> Negatives("triplet", amount=5, draw="degree").alpha
        0.75
    """

    mode: NegativeMode = "binary"
    amount: float = 1
    draw: NegativeDraw = "uniform"
    alpha: float = 0.75
    corrupt: CorruptedEnd = "destination"
    among: Literal["type", "seen"] = "type"
    avoid_edges: bool = True
    node_time: str | None = None

    def __post_init__(self) -> None:
        _require_one_of("mode", self.mode, NegativeMode)
        _require_one_of("draw", self.draw, NegativeDraw)
        _require_one_of("corrupt", self.corrupt, CorruptedEnd)
        _require_one_of("among", self.among, Literal["type", "seen"])
        if isinstance(self.amount, bool) or not isinstance(self.amount, (int, float)):
            raise ArgumentError(f"amount = {self.amount!r}; expected a number")
        if not 0 < self.amount < float("inf"):
            raise ArgumentError(f"amount = {self.amount}; expected more than 0")
        if not 0 <= self.alpha < float("inf"):
            raise ArgumentError(f"alpha = {self.alpha}; expected at least 0")
        if self.mode == "triplet":
            if self.amount != int(self.amount):
                raise ArgumentError(f"amount = {self.amount}; triplets need a whole number")
            if self.corrupt != "destination":
                raise ArgumentError(
                    f"corrupt = {self.corrupt!r}; triplets have other destinations, the source "
                    "stays; use mode='binary'"
                )


def _require_one_of(name: str, value: object, choices: object) -> None:
    accepted = choices.__args__  # type: ignore[attr-defined]
    if value not in accepted:
        raise ArgumentError(f"{name} = {value!r}; expected one of {', '.join(map(repr, accepted))}")
