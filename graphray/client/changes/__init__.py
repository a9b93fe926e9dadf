"""The calls that change a running graph, and read what was changed."""
