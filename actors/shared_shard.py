"""A shard of which some arrays are shared with other processes of the node."""

from __future__ import annotations

from graphray.shard import ArrayKey, Shard, ShardArray


class SharedShard:
    """Reads some arrays from where others read them, too, and the rest from another shard."""

    def __init__(self, shared: dict[ArrayKey, ShardArray], rest: Shard) -> None:
        earlier = rest._shared if isinstance(rest, SharedShard) else {}
        self._shared: dict[ArrayKey, ShardArray] = {**earlier, **shared}
        self._rest: Shard = rest._rest if isinstance(rest, SharedShard) else rest

    def array(self, key: ArrayKey) -> ShardArray:
        """The array of that name."""
        found = self._shared.get(key)
        return self._rest.array(key) if found is None else found
