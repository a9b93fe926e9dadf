"""GraphSAGE in plain PyTorch; imported only where that is installed."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from typing import Any

import torch
from torch import Tensor, nn

set_threads = torch.set_num_threads


class Layer(nn.Module):
    """``W x_i + V mean(x_j)`` over the sampled neighbours j of i (Hamilton et al., 2017)."""

    def __init__(self, width_in: int, width_out: int) -> None:
        super().__init__()
        self.own = nn.Linear(width_in, width_out)
        self.neighbors = nn.Linear(width_in, width_out, bias=False)

    def forward(self, x: Tensor, edge_index: Tensor) -> Tensor:
        """The nodes' next vectors, ``[n, width_out]``."""
        source, destination = edge_index
        total = torch.zeros_like(x).index_add(0, destination, x[source])
        degree = torch.bincount(destination, minlength=len(x)).clamp(min=1)
        return self.own(x) + self.neighbors(total / degree[:, None])


class Trainer:
    """A model with its optimizer.

    Args:
        width: of the features.
        hidden: of the layers between.
        classes: to tell apart.
        layers: as many as hops are sampled.
    """

    def __init__(self, width: int, hidden: int, classes: int, layers: int) -> None:
        torch.manual_seed(1)
        widths = [width, *[hidden] * (layers - 1), classes]
        pairs = itertools.pairwise(widths)
        self.layers = nn.ModuleList(Layer(*pair) for pair in pairs)
        self.optimizer = torch.optim.Adam(self.layers.parameters())

    def train(self, batches: Iterable[Mapping[str, Any]]) -> None:
        """One step for each batch."""
        for batch in batches:
            columns, num_seeds = batch["features"]["node"], batch["num_seeds"]
            self.optimizer.zero_grad()
            logits = self._trimmed(batch, columns["x"])[:num_seeds]
            nn.functional.cross_entropy(logits, columns["y"][:num_seeds]).backward()
            self.optimizer.step()

    def _trimmed(self, batch: Mapping[str, Any], x: Tensor) -> Tensor:
        """The last layer's output; each layer leaves out the hop that nothing later needs.

        Nodes and edges come hop by hop, so what a layer needs is a prefix of both.
        """
        edge_index, nodes = batch["edge_index"], batch["num_sampled_nodes"]
        edges = batch["num_sampled_edges"]
        for number, layer in enumerate(self.layers):
            hops = len(self.layers) - number
            x = x[: sum(nodes[: hops + 1])]
            x = layer(x, edge_index[:, : sum(edges[:hops])])
            if hops > 1:
                x = torch.relu(x)
        return x
