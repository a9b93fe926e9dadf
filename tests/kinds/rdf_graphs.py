"""Small knowledge graphs for property-based tests: few terms, so that they meet often."""

from __future__ import annotations

from hypothesis import strategies as st

from graphray.kinds.terms import RDFS, SUBCLASS_OF, SUBPROPERTY_OF, TYPE, XSD, Literal, Triple

EX = "http://example.org/"

# Names that collide once shortened, that GraphRay uses itself, and that need care in columns.
IRIS = [
    *(f"{EX}{name}" for name in ("a", "b", "c", "id", "entity", "vocabulary", "é")),
    *("http://other.org/a", "http://other.org/x#a", "urn:isbn:1", "mailto:a@b.org"),
    *(f"{EX}a@en", f"{RDFS}Class", f"{RDFS}label"),
]
CLASSES = [f"{EX}{name}" for name in ("Agent", "Person", "Student")]
PREDICATES = [f"{EX}knows", f"{EX}age", f"{EX}id", "http://other.org/knows", f"{RDFS}label"]

iris = st.sampled_from([*IRIS, *CLASSES, *PREDICATES])
blanks = st.sampled_from(["_:b0", "_:x1"])
resources = iris | blanks
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=5)
numbers = (
    st.integers().map(str)
    | st.floats().map(repr)
    | st.decimals(allow_nan=False).map(str)
    | st.sampled_from(["007", "+7", "-0", "1.50", "INF", "-INF", "NaN", "1e400", "٣", "", "true"])
)
moments = (
    st.datetimes().map(lambda moment: moment.isoformat())
    | st.datetimes().map(lambda moment: moment.isoformat() + "Z")
    | st.dates().map(str)
    | st.sampled_from(
        ["2020-02-30", "2020-01-01T24:00:00", "2020-01-01T00:00:00.10+02:00", "-0044"]
    )
)
datatypes = st.sampled_from(
    [
        *(f"{XSD}{name}" for name in ("string", "integer", "byte", "decimal", "double", "boolean")),
        *(f"{XSD}date", f"{XSD}dateTime", f"{EX}own"),
    ]
)
literals = st.builds(Literal, texts | numbers | moments, datatypes) | st.builds(
    Literal, texts, language=st.sampled_from(["en", "de-at"])
)

triples = st.one_of(
    st.builds(Triple, resources, st.sampled_from(PREDICATES), resources | literals),
    st.builds(Triple, resources, st.just(TYPE), st.sampled_from(CLASSES) | blanks),
    st.builds(Triple, st.sampled_from(CLASSES), st.just(SUBCLASS_OF), st.sampled_from(CLASSES)),
    st.builds(Triple, iris, st.just(SUBPROPERTY_OF), iris),
)
graphs = st.lists(triples, min_size=1, max_size=25)
prefixes = st.sampled_from([{}, {"ex": EX}, {"ex": EX, "o": "http://other.org/"}])
