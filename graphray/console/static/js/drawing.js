// The drawing of a neighbourhood: SVG that can be pointed at, tabbed into and walked by arrow keys.

import { svg } from "./elements.js";
import { placeLabels } from "./labels.js";
import { fit, layOut } from "./layout.js";
import { dashes, relationHue, shape, typeHue, WIDEST } from "./marks.js";
import { rove } from "./roving.js";

const LABEL_LETTERS = 20;
const CURVE = 14;
const CROWD = 40;

/**
 * A drawing that fills a container and follows its size.
 *
 * @param container the element to draw into.
 * @param onWalk called with the place of a node that was clicked or entered.
 * @param onLook called with the place of a node that was focused.
 */
export class Drawing {
  constructor(container, { relationMarks, typeMarks, onWalk, onLook }) {
    Object.assign(this, { container, relationMarks, typeMarks, onWalk, onLook });
    this.found = null;
    rove(container, ".node");
    container.addEventListener("click", (event) => this.#walk(event));
    container.addEventListener("keydown", (event) => {
      if (event.key === "Enter" || event.key === " ") this.#walk(event);
    });
    container.addEventListener("focusin", (event) => {
      const place = placeOf(event);
      if (place !== null) this.onLook(place);
      this.#light(place);
    });
    container.addEventListener("focusout", () => this.#light(null));
    container.addEventListener("pointerover", (event) => this.#light(placeOf(event)));
    container.addEventListener("pointerleave", () => this.#light(null));
    new ResizeObserver(() => this.#paint()).observe(container);
  }

  /** Draw a neighbourhood, as the server gives it, with its schema. */
  draw(found, schema) {
    const hadFocus = this.container.contains(document.activeElement);
    Object.assign(this, { found, schema, places: layOut(found.nodes, found.edges) });
    this.#paint();
    if (hadFocus) this.container.querySelector(".node")?.focus({ preventScroll: true });
  }

  /** Take the drawing away. */
  clear() {
    this.found = null;
    this.container.replaceChildren();
  }

  #walk(event) {
    const place = placeOf(event);
    if (place === null) return;
    event.preventDefault();
    this.onWalk(place);
  }

  #paint() {
    const { clientWidth: width, clientHeight: height } = this.container;
    if (!this.found || !width || !height) return;
    const { nodes, edges } = this.found;
    const focused = document.activeElement?.closest?.(".node")?.dataset.place;
    const radii = nodes.map((_, place) => (place === 0 ? 12 : nodes.length > CROWD ? 6 : 8));
    const points = fit(this.places, radii.map((radius) => radius * WIDEST), width, height)
      .map((at, place) => ({ ...at, radius: radii[place] }));
    const texts = nodes.map(shortName);
    const labels = placeLabels(points, texts, width, height);
    this.container.replaceChildren(svg(
      "svg",
      { viewBox: `0 0 ${width} ${height}`, role: "group", "aria-label": this.#title() },
      svg("g", { class: "edges", "aria-hidden": "true" }, ...this.#edges(edges, points)),
      svg("g", { class: "nodes" }, ...nodes.map((node, place) =>
        this.#node(node, place, points[place], labels[place], texts[place]))),
    ));
    if (focused) this.container.querySelector(`[data-place="${focused}"]`)?.focus();
  }

  #title() {
    const { nodes, edges } = this.found;
    return `Neighbourhood of ${fullName(nodes[0])}: ${nodes.length} nodes, ${edges.length} edges`;
  }

  #node(node, place, { x, y, radius }, label, text) {
    const degree = this.found.edges.filter((e) => e.source === place || e.destination === place);
    const steps = place === 0 ? "in the middle" : `${node.hop} step${node.hop > 1 ? "s" : ""} away`;
    const name = `${node.node_type} ${fullName(node)}, ${steps}, edges drawn: ${degree.length}`;
    const type = this.typeMarks.of(node.node_type);
    return svg(
      "g",
      {
        class: `node${place === 0 ? " middle" : ""}${label.shown ? "" : " quiet"}`,
        transform: `translate(${x.toFixed(1)} ${y.toFixed(1)})`,
        tabindex: place === 0 ? "0" : "-1",
        role: "button",
        "aria-label": name,
        "data-place": place,
      },
      svg("title", {}, `${node.node_type} ${fullName(node)}`),
      svg("circle", { class: "reach", r: Math.max(radius + 5, 12) }),
      svg("path", { class: `shape ${typeHue(type)}`, d: shape(type, radius), "data-middle": true }),
      svg("text", { x: label.x, y: label.y, "text-anchor": label.anchor, "aria-hidden": "true" }, text),
    );
  }

  #edges(edges, points) {
    const between = new Map();
    return edges.map((edge) => {
      const ends = [edge.source, edge.destination].sort((a, b) => a - b).join();
      const nth = between.get(ends) ?? 0;
      between.set(ends, nth + 1);
      return this.#edge(edge, points, nth);
    });
  }

  #edge(edge, points, nth) {
    const relation = this.schema.relations[edge.relation];
    const mark = this.relationMarks.of(edge.relation);
    const [from, to] = [points[edge.source], points[edge.destination]];
    const { line, tip } = edge.source === edge.destination
      ? loop(from, nth)
      : bow(from, to, bend(nth, edge.source < edge.destination));
    const parts = [svg("path", { class: "line", d: line, "stroke-dasharray": dashes(mark) || null })];
    if (relation.directed) parts.push(svg("path", { class: "tip", d: arrow(tip) }));
    return svg(
      "g",
      { class: `edge ${relationHue(mark)}`, "data-source": edge.source, "data-destination": edge.destination },
      svg("title", {}, edge.label ? `${relation.name}: ${edge.label}` : relation.name),
      ...parts,
    );
  }

  /** Bring out a node, its edges and their other ends; null for none. */
  #light(place) {
    const root = this.container.querySelector("svg");
    if (!root) return;
    root.classList.toggle("lit", place !== null);
    const near = new Set([place]);
    for (const edge of root.querySelectorAll(".edge")) {
      const ends = [Number(edge.dataset.source), Number(edge.dataset.destination)];
      const isNear = place !== null && ends.includes(place);
      edge.classList.toggle("near", isNear);
      if (isNear) for (const end of ends) near.add(end);
    }
    for (const node of root.querySelectorAll(".node")) {
      node.classList.toggle("near", near.has(Number(node.dataset.place)));
    }
  }
}

/** What a node is called. */
export const fullName = (node) => (node.label ? `${node.label} (${node.id})` : node.id);

/** A name that fits beside a node: of an IRI its last part. */
function shortName(node) {
  const name = node.label || (/^\w+:\/\//.test(node.id) ? lastPart(node.id) : node.id);
  return name.length > LABEL_LETTERS ? `${name.slice(0, LABEL_LETTERS - 1)}…` : name;
}

const lastPart = (iri) => iri.split(/[/#]/).filter(Boolean).at(-1) ?? iri;

function placeOf(event) {
  const node = event.target.closest?.(".node");
  return node ? Number(node.dataset.place) : null;
}

/** How far the nth edge between two nodes bows, whichever way it points. */
function bend(nth, forward) {
  const side = nth % 2 ? 1 : -1;
  const far = Math.ceil(nth / 2) * CURVE * side;
  return forward ? far : -far;
}

/** A line from rim to rim, bowed to one side, and where its arrow points. */
function bow(from, to, far) {
  const length = Math.max(Math.hypot(to.x - from.x, to.y - from.y), 1);
  const [ux, uy] = [(to.x - from.x) / length, (to.y - from.y) / length];
  const control = { x: (from.x + to.x) / 2 - uy * far * 2, y: (from.y + to.y) / 2 + ux * far * 2 };
  const start = toward(from, control, from.radius + 2);
  const end = toward(to, control, to.radius + 4);
  const angle = Math.atan2(end.y - control.y, end.x - control.x);
  const line = `M${spot(start)}Q${spot(control)} ${spot(end)}`;
  return { line, tip: { ...end, angle } };
}

function toward(from, to, distance) {
  const length = Math.max(Math.hypot(to.x - from.x, to.y - from.y), 1);
  return {
    x: from.x + ((to.x - from.x) / length) * distance,
    y: from.y + ((to.y - from.y) / length) * distance,
  };
}

/** A loop above a node. */
function loop({ x, y, radius }, nth) {
  const high = radius + 26 + 8 * nth;
  const end = { x: x + radius * 0.7 + 2, y: y - radius * 0.7 - 3 };
  const start = { x: x - radius * 0.7 - 2, y: end.y };
  const line = `M${spot(start)}C${spot({ x: x - high, y: y - high })} `
    + `${spot({ x: x + high, y: y - high })} ${spot(end)}`;
  return { line, tip: { ...end, angle: Math.PI * 0.7 } };
}

function arrow({ x, y, angle }) {
  const corner = (turn, length) => spot({
    x: x - length * Math.cos(angle + turn),
    y: y - length * Math.sin(angle + turn),
  });
  return `M${spot({ x, y })}L${corner(0.4, 8)}L${corner(-0.4, 8)}Z`;
}

const spot = ({ x, y }) => `${x.toFixed(1)} ${y.toFixed(1)}`;
