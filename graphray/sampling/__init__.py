"""Sampling: seeds in, minibatches of their sampled neighbourhoods out."""
