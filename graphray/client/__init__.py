"""What a user's process holds of a graph: opened in place, or running on a cluster."""
