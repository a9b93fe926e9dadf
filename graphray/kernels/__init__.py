"""The hot loops: pure functions over plain arrays, compiled by Numba and cached on disk."""
