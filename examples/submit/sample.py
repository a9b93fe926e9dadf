"""Sample one epoch of minibatches from a running graph; made for ``ray job submit``.

    graphray launch store/ --name papers
    ray job submit --working-dir examples/submit -- python sample.py papers

The job holds no data: it connects by name, maps what its node has of the graph, and asks the
replicas for the rest.
"""

import argparse
import time

import graphray as gr


def main() -> None:
    parser = argparse.ArgumentParser(description="Sample one epoch from a running graph.")
    parser.add_argument("graph", help="the name it was launched under")
    parser.add_argument("--node-type", help="which nodes to start from, where there are several")
    parser.add_argument("--fanout", type=int, nargs="+", default=[15, 10, 5])
    parser.add_argument("--batch-size", type=int, default=1024)
    parser.add_argument("--rng-seed", type=int, default=7)
    args = parser.parse_args()

    graph = gr.connect(args.graph)
    print(graph)
    loader = graph.loader(
        seeds=args.node_type,
        fanout=args.fanout,
        batch_size=args.batch_size,
        shuffle=True,
        rng_seed=args.rng_seed,
    )
    batches, seeds, nodes, edges = 0, 0, 0, 0
    started = time.perf_counter()
    for batch in loader:
        batches += 1
        seeds += batch.num_seeds
        nodes += batch.num_nodes
        edges += batch.num_edges
    seconds = time.perf_counter() - started
    print(f"{seeds:,} seeds in {batches:,} batches: {nodes:,} nodes and {edges:,} edges sampled")
    print(f"{seconds:.2f} s, {seeds / seconds:,.0f} seeds/s")


if __name__ == "__main__":
    main()
