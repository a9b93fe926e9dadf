"""The command line ``graphray``, one file per command."""

from graphray.cli.entry import main

__all__ = ["main"]
