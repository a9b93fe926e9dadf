"""What a streamed build is about, in one digest, and the folder in which it works.

Two builds of one plan do the same work piece by piece, so that the second goes on where a killed
first one stopped.
"""

from __future__ import annotations

import os
from contextlib import AbstractContextManager
from typing import Any

import graphray
from graphray.building.assigning import Asked
from graphray.executor import Executor
from graphray.ingest.graph import MissingNodes
from graphray.ingest.opening import EdgeStream
from graphray.ingest.reading import GraphInputs
from graphray.ingest.streams import Stream
from graphray.ingest.workspace import (
    Workspace,
    digest_of,
    remote_workspace,
    spill_parent,
    workspace,
)
from graphray.store import Place
from partitioners.registry import is_built_in


def plan_of(
    inputs: GraphInputs[EdgeStream, Stream],
    missing_nodes: MissingNodes,
    place: Place,
    asked: Asked,
) -> str | None:
    """The digest of all that a store depends on.

    Returns:
        None where an input is in memory, or the partitioner is somebody's own: nobody could tell
        whether they are the same again.
    """
    relations = [
        [*relation, edges.src, edges.dst, inputs.directed[relation], _identity(edges.stream)]
        for relation, edges in inputs.relations.items()
    ]
    tables = [[name, _identity(stream)] for name, stream in inputs.tables.items()]
    unknown = any(entry[-1] is None for entry in [*relations, *tables])
    partitioner = asked.partitioner
    if unknown or not is_built_in(partitioner):
        return None
    ask = [partitioner.name, repr(vars(partitioner)), asked.parts, asked.rng_seed, repr(asked.goal)]
    return digest_of([graphray.__version__, str(place), relations, tables, missing_nodes, ask])


def workspace_of(
    place: Place,
    spill_folder: str | os.PathLike[str] | None,
    executor: Executor,
    plan: str | None,
) -> AbstractContextManager[Workspace]:
    """The folder for a build's spill files.

    Where other processes do the work, they all reach the store: so they do what lies beside it.
    """
    if spill_folder is None and place.local_path is None and not executor.in_process:
        return remote_workspace(place)
    return workspace(spill_parent(place.local_path, spill_folder), plan)


def _identity(stream: Stream) -> Any:
    if stream.identity is None:
        return None
    return [stream.identity, [section.num_rows for section in stream.sections]]
