"""Help whose examples keep their lines: a paragraph with an indented line is shown as written."""

from __future__ import annotations

import inspect
from typing import Any

import click

_KEEP_LINES = "\b\n"
"""Click's mark on top of a paragraph that it is not to wrap."""


class Command(click.Command):
    """A subcommand; its docstring is its help."""

    def __init__(self, name: str | None, help: str | None = None, **attributes: Any) -> None:
        super().__init__(name, help=keep_examples(help or ""), **attributes)


def keep_examples(text: str) -> str:
    r"""Mark the paragraphs of a docstring that have indented lines.

    >>> keep_examples("A line\nto wrap.\n\nExample:\n  graphray info")
    'A line\nto wrap.\n\n\x08\nExample:\n  graphray info'
    """
    paragraphs = inspect.cleandoc(text).split("\n\n")
    return "\n\n".join(
        _KEEP_LINES + paragraph if "\n  " in f"\n{paragraph}" else paragraph
        for paragraph in paragraphs
    )
