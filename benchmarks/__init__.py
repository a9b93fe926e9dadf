"""How fast, how small: each benchmark measures GraphRay beside its references, in the same run.

Machines are shared and noisy, so a figure counts only as a ratio to something measured together
with it. ``python -m benchmarks NAME`` runs one; see benchmarks/README.md.
"""
