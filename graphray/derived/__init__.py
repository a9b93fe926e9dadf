"""Arrays that a shard computes from its stored ones when they are first needed."""
