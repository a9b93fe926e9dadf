"""The quickstart: a Python environment as a graph, and the main job run on it."""
