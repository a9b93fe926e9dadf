"""What has changed in a running graph since its base version: payloads, keys, queries, deltas."""
