"""Strategies by name: the part that partitioners and placement strategies have in common.

Three places are searched for a name, in this order: what a decorator registered in this process,
GraphRay's own, and the entry points of installed packages. GraphRay's own are named by module and
imported when first asked for, so that asking for one does not import what another one needs.

What a strategy is, each registry is told (`Registry.adapt`); nothing here calls one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Generic, TypeVar

from graphray.errors import ArgumentError, GraphRayError, StrategyNotFound

Strategy = TypeVar("Strategy")
Registered = TypeVar("Registered", bound=Callable[..., Any])


@dataclass(frozen=True)
class Registry(Generic[Strategy]):
    """Strategies of one sort.

    Attributes:
        noun: what messages call one, such as ``"partitioner"``.
        group: the entry point group in which other packages offer theirs.
        built_in: GraphRay's own, as ``"module:attribute"`` by name.
        adapt: makes a strategy, under a name, of what was registered or found: a class, a function,
            an instance; raises where it is none.
        broken: the error for a strategy that cannot be had, of a message and its name.

    Example:
        >>> def adapt(name, target):
        ...     return target
        >>> greetings = Registry("greeting", "greetings", {}, adapt, lambda m, name: ValueError(m))
        >>> @greetings.register("short")
        ... def short():
        ...     return "hi"
        >>> greetings.names(), greetings.get("short")()
        (('short',), 'hi')
    """

    noun: str
    group: str
    built_in: Mapping[str, str]
    adapt: Callable[[str, Any], Strategy]
    broken: Callable[[str, str], GraphRayError]
    _custom: dict[str, Strategy] = field(default_factory=dict)

    def register(self, name: str) -> Callable[[Registered], Registered]:
        """Register a strategy under a name, for this process: a decorator.

        Registering a name again replaces the earlier one (a notebook cell runs twice), but
        GraphRay's own names are taken.

        Raises:
            ArgumentError: where the name is empty or GraphRay's own.
        """
        if not name or name in self.built_in:
            raise ArgumentError(
                f"a {self.noun} cannot be registered as {name!r}: choose a name that is not empty "
                f"and not one of GraphRay's own ({', '.join(sorted(self.built_in))})"
            )

        def decorate(target: Registered) -> Registered:
            self._custom[name] = self.adapt(name, target)
            return target

        return decorate

    def names(self) -> tuple[str, ...]:
        """The names of all strategies that `get` finds, sorted."""
        installed = {point.name for point in entry_points(group=self.group)}
        return tuple(sorted(installed | self.built_in.keys() | self._custom.keys()))

    def get(self, name: str) -> Strategy:
        """The strategy of that name.

        Raises:
            StrategyNotFound: where there is none; the message lists those that are.
            GraphRayError: as `broken` makes it, where an entry point cannot be loaded.
        """
        if name in self._custom:
            return self._custom[name]
        if name in self.built_in:
            module, _, attribute = self.built_in[name].partition(":")
            return self.adapt(name, getattr(import_module(module), attribute))
        for point in entry_points(group=self.group, name=name):
            return self._load(point)
        raise StrategyNotFound(
            f"no {self.noun} is called {name!r}; there are: {', '.join(self.names())}",
            strategy=name,
        )

    def is_of_this_process(self, name: str) -> bool:
        """Whether a strategy was registered in this process, so that others do not find it."""
        return name in self._custom

    def _load(self, point: EntryPoint) -> Strategy:
        try:
            target = point.load()
        except (ImportError, AttributeError) as error:
            raise self.broken(
                f"{self.noun} {point.name!r} could not be loaded from {point.value!r}: {error}; "
                "repair or uninstall the package that brings it",
                point.name,
            ) from error
        return self.adapt(point.name, target)
