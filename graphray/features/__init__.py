"""Properties of nodes for training: which rows of other nodes' partitions a node keeps."""
