"""Graphs as Ray Data: batches sampled by a pool of actors, and tables of nodes and edges."""
