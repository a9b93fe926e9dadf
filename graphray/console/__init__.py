"""The web console: a running graph on a map of its cluster, and an explorer to walk in.

``source`` says what the console needs to know, and the sources find it out: ``stored`` of an opened
store, ``running`` of a graph on a cluster. ``server`` offers it as JSON on one port together with
the page in ``static/``, which is plain HTML, CSS and ES modules: there is nothing to build.

`graphray.console.server` needs aiohttp, which comes with ``ray[default]``; the rest does not.
"""

from graphray.console.source import ConsoleSource, Event, Machine, Overview, ReplicaLoad

__all__ = ["ConsoleSource", "Event", "Machine", "Overview", "ReplicaLoad"]
