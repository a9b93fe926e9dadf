// A node's properties, and its neighbours in the drawing as a list: the same walk, in words.

import { count, element, svg } from "./elements.js";
import { fullName } from "./drawing.js";
import { dashes, relationHue } from "./marks.js";

/** The properties of a node, as the server gives it. */
export function properties(node) {
  const rows = node.properties.filter((property) => property.value !== null);
  if (!rows.length) return element("p", { class: "help" }, "It has no properties.");
  return element("dl", { class: "properties" }, ...rows.flatMap((property) => [
    element("dt", { title: property.dtype }, property.name),
    element("dd", {}, written(property)),
  ]));
}

function written({ value, left_out: leftOut }) {
  const text = Array.isArray(value) ? value.map(plain).join(", ") : plain(value);
  return leftOut ? `${text} … and ${leftOut} more` : text;
}

function plain(value) {
  if (typeof value === "number" && !Number.isInteger(value)) return String(Number(value.toPrecision(6)));
  return value !== null && typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** A node's neighbours in a drawing, as buttons, relation by relation. */
export function neighbors(found, schema, place, onWalk) {
  const groups = new Map();
  for (const edge of found.edges) {
    for (const [near, far, leads] of [
      [edge.source, edge.destination, true], [edge.destination, edge.source, false],
    ]) {
      if (near !== place || (edge.source === edge.destination && !leads)) continue;
      const key = `${edge.relation} ${leads}`;
      if (!groups.has(key)) groups.set(key, { relation: edge.relation, leads, others: new Map() });
      groups.get(key).others.set(far, edge.label);
    }
  }
  const total = new Set([...groups.values()].flatMap((group) => [...group.others.keys()])).size;
  return element(
    "details", { class: "neighbors" },
    element("summary", {}, `${count(total, "neighbour")} in the drawing, as a list`),
    ...[...groups.values()].map((group) => neighborGroup(group, found, schema, onWalk)),
  );
}

function neighborGroup({ relation, leads, others }, found, schema, onWalk) {
  const { name, directed } = schema.relations[relation];
  const heading = !directed ? name : leads ? `${name} →` : `← ${name}`;
  return element(
    "section", {},
    element("h4", {}, heading),
    element("ul", {}, ...[...others].map(([far, label]) => {
      const node = found.nodes[far];
      const text = `${node.node_type} ${fullName(node)}${label ? `, ${label}` : ""}`;
      return element("li", {}, element(
        "button", { type: "button", class: "link", onclick: () => onWalk(far) }, text,
      ));
    })),
  );
}

/** A sample of a relation's line; grey where it has no mark yet (null). */
export function swatch(mark) {
  const dashed = mark === null ? null : dashes(mark) || null;
  return svg(
    "svg",
    { class: `swatch ${mark === null ? "" : relationHue(mark)}`, viewBox: "0 0 28 8", "aria-hidden": "true" },
    svg("path", { class: "line", d: "M0 4H28", "stroke-dasharray": dashed }),
  );
}
