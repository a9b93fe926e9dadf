"""The options by which ``graphray plan`` and ``graphray launch`` are told where replicas may go."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import click

from graphray.cli.arguments import labels

Command = Callable[..., None]

_OPTIONS = (
    click.option(
        "--placement",
        "--strategy",
        default="balanced",
        show_default=True,
        help="balanced (memory evenly filled), spread (as many on each node), pack (few nodes), "
        "affinity (what shares edges together), labels (--prefer), or your own.",
    ),
    click.option(
        "--zone-label",
        metavar="LABEL",
        help="Keep copies of a partition where the values of this label differ, such as "
        "ray.io/availability-zone.",
    ),
    click.option(
        "--require",
        multiple=True,
        metavar="[REPLICA:]LABEL=VALUE",
        help="What a node has to have: a value, in(a, b), !value. With 0: for replica 0 only.",
    ),
    click.option(
        "--prefer",
        multiple=True,
        metavar="[REPLICA:]LABEL=VALUE",
        help="Likewise, where there is room, with --placement labels.",
    ),
)


def placement_choices(command: Command) -> Command:
    """Give a command these options, as one argument ``placement``: fields of `LaunchOptions`."""

    @wraps(command)
    def chosen(
        placement: str,
        zone_label: str | None,
        require: tuple[str, ...],
        prefer: tuple[str, ...],
        **others: Any,
    ) -> None:
        fields = {
            "placement": placement,
            "zone_label": zone_label,
            "require_labels": labels("--require", require),
            "prefer_labels": labels("--prefer", prefer),
        }
        command(placement=fields, **others)

    for option in reversed(_OPTIONS):
        chosen = option(chosen)
    return chosen
