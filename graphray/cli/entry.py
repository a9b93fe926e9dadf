"""The command ``graphray``: its subcommands, and how they end.

A subcommand's module is imported when it runs, so that ``graphray --help`` is instant; the lines of
that help therefore stand here, and a test holds them equal to the commands' own.

Exit codes: 0 done; 1 a `GraphRayError`, printed as ``error: ...`` without a traceback; 2 wrong
usage; 130 interrupted with Ctrl-C. ``--debug`` prints the traceback as well.
"""

from __future__ import annotations

import importlib
import traceback
from typing import Any

import click

import graphray
from graphray.cli.helptext import keep_examples
from graphray.errors import GraphRayError

EXIT_ERROR = 1
EXIT_INTERRUPTED = 130

COMMANDS = {
    "quickstart": "See it all on a graph you have: your own Python environment.",
    "build": "Build a partitioned store from edge and node files.",
    "info": "Show what a store holds and how well it is partitioned.",
    "partition": "Show how well a store is partitioned, and try other ways; nothing is written.",
    "plan": "Show which replica would go to which node, and why; nothing is started or moved.",
    "launch": "Serve a store on a Ray cluster.",
    "status": "Show who serves what, and how it fares.",
    "top": "Watch how a running graph fares, in the terminal.",
    "events": "Show what has happened to a running graph, and why.",
    "release": "Let a quarantined replica of a running graph load again.",
    "console": "Serve a web console: how a graph fares on its cluster, and an explorer to walk in.",
    "apply": "Change a running graph by a file of JSON lines.",
    "versions": "List the versions of a store, or remove some; the newest always stays.",
    "check": "Check a store: checksums, order, ends and both directions of every edge.",
    "backup": "Copy a version of a store to another place; what is there is not copied again.",
    "restore": "Bring a version of a graph back from a backup, as a store.",
    "sample": "Sample minibatches from a store or a running graph.",
    "down": "End a running graph; its store stays.",
}
"""The subcommands, in the order in which one meets them, and the first line of their help."""


class GraphRayGroup(click.Group):
    """Loads subcommands when they are needed and turns errors into messages and exit codes."""

    def __init__(self, name: str | None, help: str | None = None, **attributes: Any) -> None:
        super().__init__(name, help=keep_examples(help or ""), **attributes)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The subcommands' names."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """A subcommand, imported now."""
        if cmd_name not in COMMANDS:
            return None
        return importlib.import_module(f"graphray.cli.{cmd_name}").command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the subcommands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def invoke(self, ctx: click.Context) -> Any:
        """Run a subcommand."""
        try:
            return super().invoke(ctx)
        except GraphRayError as error:
            if ctx.params["debug"]:
                traceback.print_exc()
            click.echo(f"error: {error}", err=True)
            ctx.exit(EXIT_ERROR)
        except KeyboardInterrupt:
            if ctx.params["debug"]:
                traceback.print_exc()
            click.echo("interrupted", err=True)
            ctx.exit(EXIT_INTERRUPTED)


@click.group(
    cls=GraphRayGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.option(
    "--debug", is_flag=True, envvar="GRAPHRAY_DEBUG", help="Print the traceback of an error."
)
@click.version_option(graphray.__version__, prog_name="graphray")
def main(debug: bool) -> None:
    """Graphs larger than one machine: partitioned, replicated and sampled on Ray.

    Start here:
      graphray quickstart
    With data of your own:
      graphray build edges.parquet store/ --parts 4 --partitioner metis
      graphray launch store/ --name papers --replicas 2
      graphray sample papers --fanout 15,10 --batch-size 1024
      graphray down papers
    """
