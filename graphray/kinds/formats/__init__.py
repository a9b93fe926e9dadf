"""Readers and writers of the formats that each kind of graph comes in."""
