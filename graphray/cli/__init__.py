"""The command line: ``graphray build | info | launch | status | sample | down | quickstart``."""

from graphray.cli.entry import main

__all__ = ["main"]
