"""Every reader of files as a function of bytes: it reads them, or refuses them with an InputError.

Used twice: by Hypothesis in the test suite (`test_targets`), and by a coverage-guided fuzzer for as
long as one likes (``make fuzz``). A target also has small files that are right, to begin from, and
words that mean something to its parser.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pyarrow.compute as pc

from graphray.errors import InputError
from graphray.kinds.hypergraph import Hypergraph
from graphray.kinds.knowledge import KnowledgeGraph
from graphray.kinds.metagraph import Metagraph
from graphray.kinds.property import PropertyGraph
from graphray.kinds.tables import GraphTables

SEPARATOR = b"\n@@@\n"
"""Between the files of a reader that takes several."""


@dataclass(frozen=True)
class Target:
    """A reader.

    Attributes:
        files: the names of the files it reads, below a folder.
        read: reads them; given the folder.
        seeds: contents that are right, a file after another with `SEPARATOR` between.
        words: what its parser knows.
    """

    files: tuple[str, ...]
    read: Callable[[Path], GraphTables]
    seeds: tuple[bytes, ...]
    words: tuple[bytes, ...] = ()

    def run(self, data: bytes) -> GraphTables | None:
        """Read some bytes; None where they are refused, and an error where anything else happens.

        Raises:
            AssertionError: where what was read is no graph.
        """
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            for file, content in zip(self.files, data.split(SEPARATOR), strict=False):
                (folder / file).parent.mkdir(exist_ok=True)
                (folder / file).write_bytes(content)
            try:
                tables = self.read(folder)
            except InputError:
                return None
        check(tables)
        return tables


def check(tables: GraphTables) -> None:
    """Whether ids are unique, and edges lead from nodes to nodes."""
    for table in tables.nodes.values():
        assert pc.count_distinct(table["id"], mode="all").as_py() == table.num_rows
    for relation, table in tables.edges.items():
        for end, node_type in (("src", relation.source), ("dst", relation.destination)):
            ids = tables.nodes[node_type]["id"].combine_chunks()
            assert pc.all(pc.is_in(table[end], value_set=ids)).as_py() is not False


GRAPHML = b"""<graphml>
<key id="k" for="node" attr.name="n" attr.type="int"><default>1</default></key>
<graph edgedefault="directed"><node id="a"><data key="k">7</data></node><node id="b"/>
<edge id="e" source="a" target="b"/></graph></graphml>"""
HIF = b"""{"network-type": "directed", "metadata": {}, "incidences":
[{"edge": "e", "node": 1, "weight": 0.5, "direction": "tail", "attrs": {"x": [1]}}],
"nodes": [{"node": 1, "weight": 2, "attrs": {"a": null}}], "edges": [{"edge": "e"}]}"""
DGL = SEPARATOR.join(
    [
        b"dataset_name: d\nedge_data:\n- file_name: e.csv\n  etype: [node, r, node]\n"
        b"node_data:\n- file_name: n.csv\n  ntype: node\n  node_id_field: id\n",
        b'id,feat\n0,"1,2"\n1,"3,4"\n',
        b"src_id,dst_id\n0,1\n",
    ]
)
TURTLE = (
    b'@prefix ex: <http://e/> .\nex:a a ex:C ; ex:p "x"@en, 5, _:b .\n[] ex:q (1 "\\u00e9") .\n'
)
RDF_XML = b"""<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:e="http://e/">
<rdf:Description rdf:about="http://e/a"><e:p rdf:resource="http://e/b"/><e:q>x</e:q>
</rdf:Description></rdf:RDF>"""
JSON_LD = (
    b"""{"@context": {"p": "http://e/p"}, "@id": "http://e/a", "p": [{"@id": "http://e/b"}, 5]}"""
)

TARGETS: Mapping[str, Target] = {
    "csv": Target(
        ("t.csv",),
        lambda folder: PropertyGraph.from_tables(folder / "t.csv"),
        (b"src,dst,w\n1,2,0.5\n2,1,\n", b'source,target\na,"b ""c"""\n'),
        (b",", b'"', b"\r\n", b"src", b"9223372036854775808", b"nan"),
    ),
    "json-lines": Target(
        ("t.jsonl",),
        lambda folder: PropertyGraph.from_tables(folder / "t.jsonl"),
        (b'{"src": 1, "dst": 2, "x": [1, null]}\n{"src": 2, "dst": 1}\n',),
        (b'{"src":', b'"dst":', b"null", b"1e400", b"\\ud800", b"\n"),
    ),
    "graphml": Target(
        ("t.graphml",),
        lambda folder: PropertyGraph.from_graphml(folder / "t.graphml"),
        (GRAPHML,),
        (b"<data ", b"<default>", b"<!DOCTYPE ", b"<!ENTITY ", b"&amp;", b'for="all"', b"<graph>"),
    ),
    "dgl-csv": Target(
        ("meta.yaml", "n.csv", "e.csv"),
        PropertyGraph.from_dgl_csv,
        (DGL,),
        (b"&a ", b"*a", b"!!python/object:", b"graph_id", b"src_id_field: ", b"separator: "),
    ),
    "ogb-csv": Target(
        ("raw/edge.csv", "raw/num-node-list.csv", "raw/node-feat.csv", "raw/num-edge-list.csv"),
        PropertyGraph.from_ogb_csv,
        (SEPARATOR.join([b"0,1\n1,0\n", b"2\n", b"0.5,1\n2,3\n", b"2\n"]),),
        (b"-1", b"nan", b"1e9", b","),
    ),
    "hif": Target(
        ("t.json",),
        lambda folder: Hypergraph.from_hif(folder / "t.json"),
        (HIF,),
        (b'"weight":', b"NaN", b"-Infinity", b'"attrs":', b"1e999", b'"\\ud800"', b"[" * 50),
    ),
    "hmetis": Target(
        ("t.hgr",),
        lambda folder: Hypergraph.from_hmetis(folder / "t.hgr"),
        (b"% c\n2 3 11\n5 1 2\n7 2 3\n1\n2\n3\n", b"1 2\n1 2\n"),
        (b"%", b" 0", b"99999999999", b"\n\n"),
    ),
    "simplices": Target(
        ("d-nverts.txt", "d-simplices.txt", "d-times.txt", "d-node-labels.txt"),
        Hypergraph.from_simplices,
        (SEPARATOR.join([b"2\n1\n", b"1\n2\n2\n", b"5\n6\n", b"1 Ada\n2 Bob\n"]),),
        (b"0", b"-1", b"\n\n", b"999999999999999999"),
    ),
    "incidence": Target(
        ("i.csv", "v.csv", "h.csv"),
        lambda folder: Hypergraph.from_incidence(
            folder / "i.csv", folder / "v.csv", folder / "h.csv"
        ),
        (
            SEPARATOR.join(
                [
                    b"vertex,hyperedge,role,weight\na,1,head,0.5\nb,1,tail,\n",
                    b"id,x\na,1\nb,2\n",
                    b"id\n1\n",
                ]
            ),
        ),
        (b"-1", b"nan", b"inf", b"weight", b"role"),
    ),
    "contains": Target(
        ("c.csv", "e.csv"),
        lambda folder: Metagraph.from_tables(folder / "c.csv", folder / "e.csv"),
        (SEPARATOR.join([b"src,dst\nm,a\nn,m\n", b"src,dst\na,m\n"]),),
        (b"m,n\n", b"m,m\n", b"name"),
    ),
    "triples": Target(
        ("train.txt", "valid.txt"),
        KnowledgeGraph.from_tsv,
        (SEPARATOR.join([b"/m/1\t/r\t/m/2\n", b"/m/2\t/r\t/m/1\n"]),),
        (b"\t", b"\t\t", b"\r", b"rdf:type", b"_:", b"\xff"),
    ),
    "ntriples": Target(
        ("t.nt",),
        lambda folder: KnowledgeGraph.from_rdf(folder / "t.nt"),
        (b'<http://a> <http://b> _:c .\n_:c <http://b> "5"^^<http://d> .\n',),
        (b"<< ", b"@en--ltr", b"\\u0000", b"_:", b"^^"),
    ),
    "turtle": Target(
        ("t.ttl",),
        lambda folder: KnowledgeGraph.from_rdf(folder / "t.ttl"),
        (TURTLE,),
        (b"@base <x> .", b"a ", b"[]", b"()", b"<<( ", b'"""', b"PREFIX "),
    ),
    "rdf-xml": Target(
        ("t.rdf",),
        lambda folder: KnowledgeGraph.from_rdf(folder / "t.rdf"),
        (RDF_XML,),
        (b'rdf:nodeID="', b'rdf:parseType="Literal"', b'xml:lang="', b"<!ENTITY ", b"&e;"),
    ),
    "json-ld": Target(
        ("t.jsonld",),
        lambda folder: KnowledgeGraph.from_rdf(folder / "t.jsonld"),
        (JSON_LD,),
        (b'"@graph":', b'"@list":', b'"@context":', b'"@type":', b'"@value":', b'"http://e/c"'),
    ),
}
