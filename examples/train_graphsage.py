"""Train GraphSAGE on two workers with Ray Train, and go on after a worker or a replica has died.

The task is real and at hand on every machine: from what a Python module imports and what imports
it, tell the distribution that it belongs to. The graph is that of this interpreter's installed
packages. A module's own label is never shown; labels of *training* modules are, to their
neighbours (Wang et al., "Bag of Tricks for Node Classification", 2021), for validation and test as
they would be in use. Which package contains a module, and its name, are not in the graph.

Every step is a function of the model, the batch and nothing else, and batches do not depend on what
has died. So a run that was disturbed ends with the loss of one that was not: a killed replica is
not noticed, and after a killed worker all workers go on from the last checkpoint, which holds the
model, the optimizer and where the loader stood.

    pip install 'graphray[train]'
    python examples/train_graphsage.py
"""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

import click
import numpy as np
import pyarrow as pa
import ray.train
import torch
import torch.distributed as dist
from ray.train import Checkpoint, CheckpointConfig, FailureConfig, RunConfig, ScalingConfig
from ray.train.torch import TorchTrainer
from torch import Tensor, nn

import graphray as gr
from graphray.quickstart.environment import EnvironmentGraph, read_environment
from graphray.quickstart.tables import DISTRIBUTION_MODULE, IMPORTS

TRAIN, VALIDATION, TEST, UNLABELLED = range(4)
SHARES = (0.6, 0.2, 0.2)
COLUMNS = ["x", "shown", "label"]
DEFAULTS: dict[str, Any] = {
    "fanout": [15, 10],
    "batch_size": 256,
    "hidden": 64,
    "learning_rate": 0.01,
    "epochs": 10,
    "rng_seed": 1,
    "checkpoint_every": 10,
}


def labels_of(environment: EnvironmentGraph, modules_min: int) -> tuple[np.ndarray, list[str]]:
    """The number of each module's distribution, -1 where it has none or several; their names.

    Distributions of fewer modules are left out: they cannot be split in three.
    """
    pairs = environment.edges[DISTRIBUTION_MODULE]
    sources, modules = pairs["src"].to_pylist(), pairs["dst"].to_pylist()
    owners = Counter(modules)
    owner = {m: d for d, m in zip(sources, modules, strict=True) if owners[m] == 1}
    sizes = Counter(owner.values())
    names = sorted(name for name, size in sizes.items() if size >= modules_min)
    number = {name: i for i, name in enumerate(names)}
    ids = environment.nodes["module"]["id"].to_pylist()
    return np.array([number.get(owner.get(module, ""), -1) for module in ids]), names


def build_store(
    uri: str, environment: EnvironmentGraph, *, modules_min: int = 30, rng_seed: int = 1
) -> list[str]:
    """Build the graph of modules and imports with features, labels and a split; its class names."""
    labels, names = labels_of(environment, modules_min)
    rng = np.random.default_rng(rng_seed)
    split = rng.choice([TRAIN, VALIDATION, TEST], size=len(labels), p=SHARES)
    split[labels < 0] = UNLABELLED
    modules, is_training = environment.nodes["module"], split == TRAIN
    x = np.stack(modules["x"].to_numpy()).astype(np.float32)
    x = (x - x[is_training].mean(0)) / (x[is_training].std(0) + 1e-6)
    nodes = pa.table(
        {
            "id": modules["id"],
            "x": pa.FixedSizeListArray.from_arrays(pa.array(x.ravel()), x.shape[1]),
            "label": labels,
            "shown": np.where(is_training, labels + 1, 0),  # 0: not known
            "split": split.astype(np.int8),
        }
    )
    edges = {IMPORTS: environment.edges[IMPORTS]}
    gr.build(edges, uri, nodes={"module": nodes}, parts=2, directed=False, rng_seed=rng_seed)
    return names


def split_ids(graph: gr.Graph) -> dict[int, Any]:
    """The ids of the modules of each part of the split, in the order of the build's input."""
    ids = graph.node_ids(order="input")
    split = graph.features(ids, "split")
    return {part: ids[split == part] for part in (TRAIN, VALIDATION, TEST)}


class SAGELayer(nn.Module):
    """``W x_i + V mean(x_j)`` over the sampled neighbours j of i (Hamilton et al., 2017)."""

    def __init__(self, width_in: int, width_out: int) -> None:
        super().__init__()
        self.own = nn.Linear(width_in, width_out)
        self.neighbors = nn.Linear(width_in, width_out, bias=False)

    def forward(self, x: Tensor, edge_index: Tensor) -> Tensor:
        source, destination = edge_index
        total = torch.zeros_like(x).index_add(0, destination, x[source])
        degree = torch.bincount(destination, minlength=len(x)).clamp(min=1)
        return self.own(x) + self.neighbors(total / degree[:, None])


class GraphSAGE(nn.Module):
    """Two layers over a module's features and the shown labels of its neighbourhood."""

    def __init__(self, num_features: int, num_classes: int, hidden: int) -> None:
        super().__init__()
        self.label = nn.Embedding(num_classes + 1, hidden)
        self.first = SAGELayer(num_features + hidden, hidden)
        self.second = SAGELayer(hidden, num_classes)

    def forward(self, x: Tensor, shown: Tensor, edge_index: Tensor) -> Tensor:
        h = self.first(torch.cat([x, self.label(shown)], 1), edge_index)
        return self.second(torch.relu(h), edge_index)


def predict(model: nn.Module, batch: Mapping[str, Any]) -> tuple[Tensor, Tensor]:
    """Logits and labels of a batch's seeds, whose own labels are hidden from the model."""
    columns, num_seeds = batch["features"]["module"], batch["num_seeds"]
    shown = columns["shown"].clone()
    shown[:num_seeds] = 0
    logits = model(columns["x"], shown, batch["edge_index"])
    return logits[:num_seeds], columns["label"][:num_seeds]


def add_up(*values: float) -> list[float]:
    """The sums of some numbers over all workers."""
    total = torch.tensor(values, dtype=torch.float64)
    dist.all_reduce(total)
    return total.tolist()


def step(
    model: nn.Module, optimizer: torch.optim.Optimizer, batch: Mapping[str, Any] | None
) -> tuple[float, float]:
    """One step of all workers on the mean loss over all of their seeds.

    A worker that has no batch left in the last round adds nothing, and steps along.

    Returns:
        The summed loss and the number of seeds, of all workers.
    """
    optimizer.zero_grad(set_to_none=False)
    loss, num_seeds = torch.zeros(()), 0
    if batch is not None:
        logits, labels = predict(model, batch)
        loss, num_seeds = nn.functional.cross_entropy(logits, labels, reduction="sum"), len(labels)
        loss.backward()
    loss_sum, seeds_sum = add_up(float(loss.detach()), num_seeds)
    weights = list(model.parameters())
    gradients = [torch.zeros_like(w) if w.grad is None else w.grad for w in weights]
    flat = torch.cat([gradient.ravel() for gradient in gradients])
    dist.all_reduce(flat)
    sizes = [weight.numel() for weight in weights]
    for weight, gradient in zip(weights, (flat / seeds_sum).split(sizes), strict=True):
        weight.grad = gradient.view_as(weight)
    optimizer.step()
    return loss_sum, seeds_sum


@torch.no_grad()
def accuracy(model: nn.Module, graph: gr.Graph, ids: Any, config: Mapping[str, Any]) -> float:
    """The share of modules told right, each worker judging its share."""
    loader = graph.loader(ids, config["fanout"], **loader_settings(config))
    right = total = 0
    for batch in loader.to_torch({"module": COLUMNS}):
        logits, labels = predict(model, batch)
        right += int((logits.argmax(1) == labels).sum())
        total += len(labels)
    right_sum, total_sum = add_up(right, total)
    return right_sum / total_sum


def loader_settings(config: Mapping[str, Any]) -> dict[str, Any]:
    """What all loaders of a worker share: each makes its rank's share of the batches."""
    context = ray.train.get_context()
    return {
        "batch_size": config["batch_size"],
        "rng_seed": config["rng_seed"],
        "prefetch": 2,
        "rank": context.get_world_rank(),
        "world_size": context.get_world_size(),
    }


class Run:
    """Everything that a checkpoint holds: model, optimizer, loader, and how far they have come."""

    def __init__(self, graph: gr.Graph, config: Mapping[str, Any]) -> None:
        torch.manual_seed(config["rng_seed"])
        self.ids = split_ids(graph)
        width = graph.features(self.ids[TRAIN][:1], "x").shape[1]
        self.model = GraphSAGE(width, config["num_classes"], config["hidden"])
        rate = config["learning_rate"]
        self.optimizer = torch.optim.Adam(self.model.parameters(), lr=rate)
        settings = {**loader_settings(config), "shuffle": True}
        self.loader = graph.loader(self.ids[TRAIN], config["fanout"], **settings)
        self.steps, self.loss, self.seeds = 0, 0.0, 0.0
        self.metrics: dict[str, float] = {"validation": -1.0}
        self.best = self.model.state_dict()

    @property
    def epoch(self) -> int:
        """The epoch to go on with."""
        return self.loader.state_dict()["epoch"]

    def rounds_left(self) -> int:
        """Steps until the end of the epoch; the same on every worker."""
        left = self.loader.num_batches - self.loader.state_dict()["batch"]
        return -(-left // self.loader.world_size)

    def save(self) -> None:
        """Report, with a checkpoint by the first worker: all of them are in step."""
        if ray.train.get_context().get_world_rank() != 0:
            ray.train.report(self.metrics)
            return
        state = {
            "model": self.model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "loader": self.loader.state_dict(),
            "progress": (self.steps, self.loss, self.seeds),
            "metrics": self.metrics,
            "best": self.best,
        }
        with tempfile.TemporaryDirectory() as folder:
            torch.save(state, f"{folder}/state.pt")
            ray.train.report(self.metrics, checkpoint=Checkpoint.from_directory(folder))

    def restore(self) -> None:
        """Go on where the last checkpoint was made, where there is one."""
        checkpoint = ray.train.get_checkpoint()
        if checkpoint is None:
            return
        with checkpoint.as_directory() as folder:
            state = torch.load(f"{folder}/state.pt", weights_only=True)
        self.model.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.loader.load_state_dict(state["loader"])
        self.steps, self.loss, self.seeds = state["progress"]
        self.metrics, self.best = state["metrics"], state["best"]


def train_worker(
    config: Mapping[str, Any], after_step: Callable[[gr.Graph, int], None] | None = None
) -> None:
    """What each worker runs.

    Args:
        config: `DEFAULTS` with ``graph``, the name it runs under, and ``num_classes``.
        after_step: called with the graph and the number of steps done.
    """
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    with gr.connect(config["graph"]) as graph:
        run = Run(graph, config)
        run.restore()
        while run.epoch < config["epochs"]:
            train_epoch(run, graph, config, after_step)
            end_epoch(run, graph, config)
        run.model.load_state_dict(run.best)
        run.metrics["test"] = accuracy(run.model, graph, run.ids[TEST], config)
        run.save()


def train_epoch(
    run: Run,
    graph: gr.Graph,
    config: Mapping[str, Any],
    after_step: Callable[[gr.Graph, int], None] | None,
) -> None:
    """Run the rest of an epoch, and a checkpoint every so many steps."""
    rounds = run.rounds_left()
    batches = iter(run.loader.to_torch({"module": COLUMNS}))
    for _ in range(rounds):
        loss, seeds = step(run.model, run.optimizer, next(batches, None))
        run.steps, run.loss, run.seeds = run.steps + 1, run.loss + loss, run.seeds + seeds
        if run.steps % config["checkpoint_every"] == 0:
            run.save()
        if after_step is not None:
            after_step(graph, run.steps)
    # Nothing is left: the loader now stands at the next epoch, on every worker.
    next(batches, None)


def end_epoch(run: Run, graph: gr.Graph, config: Mapping[str, Any]) -> None:
    """Validate, keep the model where it is the best so far, and make a checkpoint."""
    found = accuracy(run.model, graph, run.ids[VALIDATION], config)
    if found > run.metrics["validation"]:
        run.metrics = {"validation": found, "best_epoch": run.epoch}
        run.best = {name: value.clone() for name, value in run.model.state_dict().items()}
    run.metrics = {**run.metrics, "epoch": run.epoch, "loss": run.loss / run.seeds}
    run.loss, run.seeds = 0.0, 0.0
    run.save()


def train(
    graph_name: str,
    num_classes: int,
    folder: str,
    *,
    worker: Callable[[Mapping[str, Any]], None] = train_worker,
    **settings: Any,
) -> dict[str, float]:
    """Train on a running graph with two workers, on two nodes where there are.

    Args:
        graph_name: the name it runs under.
        num_classes: the distributions to tell apart.
        folder: where checkpoints go; every node has to see it.
        worker: what each worker runs.
        settings: in the place of some `DEFAULTS`.

    Returns:
        The last epoch's loss, and the accuracies of the model that was best in validation.
    """
    config = {**DEFAULTS, **settings, "graph": graph_name, "num_classes": num_classes}
    trainer = TorchTrainer(
        worker,
        train_loop_config=config,
        scaling_config=ScalingConfig(
            num_workers=2, resources_per_worker={"CPU": 0.5}, placement_strategy="SPREAD"
        ),
        run_config=RunConfig(
            storage_path=folder,
            name="graphsage",
            failure_config=FailureConfig(max_failures=3),
            checkpoint_config=CheckpointConfig(num_to_keep=2),
        ),
    )
    return trainer.fit().metrics


def majority(graph: gr.Graph) -> float:
    """The test accuracy of naming the distribution with the most training modules."""
    ids = split_ids(graph)
    guess = np.bincount(graph.features(ids[TRAIN], "label")).argmax()
    return float(np.mean(graph.features(ids[TEST], "label") == guess))


def neighbor_vote(graph: gr.Graph) -> float:
    """The test accuracy of naming what most neighbours in training are; none: the majority."""
    ids = split_ids(graph)
    guess = np.bincount(graph.features(ids[TRAIN], "label")).argmax()
    right = 0
    for batch in graph.loader(ids[TEST], [-1]):
        source, destination = batch.edge_index
        shown = batch.features("shown")
        votes = np.zeros((batch.num_seeds, shown.max() + 1), np.int64)
        np.add.at(votes, (destination, shown[source]), 1)
        votes[:, 0] = 0
        votes[:, guess + 1 : guess + 2] += ~votes.any(1)[:, None]
        right += int(np.sum(votes.argmax(1) - 1 == batch.features("label")[: batch.num_seeds]))
    return right / len(ids[TEST])


@click.command()
@click.option("--packages", multiple=True, help="Folders of packages; by default this Python's.")
@click.option("--epochs", default=DEFAULTS["epochs"], show_default=True)
def main(packages: tuple[str, ...], epochs: int) -> None:
    """Build, launch, train, and say how it went beside what needs no training."""
    environment = read_environment(packages or None)
    with tempfile.TemporaryDirectory() as folder:
        names = build_store(f"{folder}/store", environment)
        graph = gr.launch(f"{folder}/store", "modules", replicas=2)
        try:
            sizes = [len(ids) for ids in split_ids(graph).values()]
            click.echo(
                f"{graph.num_nodes()} modules, {graph.num_edges() // 2} imports, {len(names)} "
                f"distributions; to train, validate, test: {sizes}"
            )
            metrics = train("modules", len(names), folder, epochs=epochs)
            click.echo(f"loss of the last epoch   {metrics['loss']:.4f}")
            click.echo(f"validation accuracy      {metrics['validation']:.3f}")
            click.echo(f"test accuracy            {metrics['test']:.3f}")
            click.echo(f"  most neighbours' label {neighbor_vote(graph):.3f}")
            click.echo(f"  majority               {majority(graph):.3f}")
        finally:
            graph.shutdown()


if __name__ == "__main__":
    main()
