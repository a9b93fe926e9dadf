"""The catalog's store: keys that are created once. It outlives every catalog."""

from __future__ import annotations

from graphray.replication.effects import CreateIfAbsent, ListStore, StoreAnswered


class CatalogStore:
    def __init__(self) -> None:
        self.items: dict[str, bytes] = {}
        self.created_ms: dict[str, float] = {}

    def carry_out(self, effect: CreateIfAbsent | ListStore, now_ms: float) -> StoreAnswered:
        if isinstance(effect, CreateIfAbsent):
            created = effect.key not in self.items
            self.created_ms.setdefault(effect.key, now_ms)
            value = self.items.setdefault(effect.key, effect.value)
            return StoreAnswered(effect.number, ((effect.key, value),), created)
        found = sorted(item for item in self.items.items() if item[0].startswith(effect.prefix))
        return StoreAnswered(effect.number, tuple(found))
