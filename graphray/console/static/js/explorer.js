// The explorer: asks for a neighbourhood, draws it, and walks. Where one is stands in the page's
// address, so that the browser's own Back, bookmarks and reloading work.

import { ask } from "./api.js";
import { neighbors, properties, swatch } from "./details.js";
import { Drawing, fullName } from "./drawing.js";
import { byId, count, element, number, show, svg } from "./elements.js";
import { Marks, shape, typeHue } from "./marks.js";

const FILTER_FROM = 12;

export class Explorer {
  #schema = null;
  #left = new Set();  // Relations that are not to be followed.
  #found = null;
  #asking = null;
  #looked = null;
  #relationMarks = new Marks();
  #typeMarks = new Marks();

  constructor() {
    this.drawing = new Drawing(byId("canvas"), {
      relationMarks: this.#relationMarks,
      typeMarks: this.#typeMarks,
      onWalk: (place) => this.#walk(place),
      onLook: (place) => this.#look(place),
    });
    byId("question").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#go();
    });
    byId("type").addEventListener("change", () => this.#offerExamples());
    byId("direction").addEventListener("change", () => this.#go());
    byId("back").addEventListener("click", () => history.back());
    byId("relations-filter").addEventListener("input", () => this.#listRelations());
    window.addEventListener("popstate", () => this.#restore());
  }

  /** Take in what the graph is made of; draw what the address says, or the first example. */
  async begin() {
    this.#schema = await ask("schema");
    const types = this.#schema.node_types;
    this.#relationMarks.clear();
    this.#typeMarks.clear();
    for (const { name } of types) this.#typeMarks.of(name);
    byId("type").replaceChildren(...types.map(({ name, count: nodes }) =>
      element("option", { value: name }, `${name} (${number(nodes)})`)));
    byId("type-field").hidden = types.length === 1;
    this.#left = new Set();
    this.#listRelations();
    this.#listTypes();
    this.#offerExamples();
    await this.#restore();
  }

  async #restore() {
    if (!this.#schema) return;
    const words = new URLSearchParams(location.search);
    const first = this.#schema.node_types.find((type) => type.examples.length);
    if (!words.has("id") && !first) return;
    byId("type").value = words.get("type") ?? first?.name ?? "";
    byId("id").value = words.get("id") ?? first.examples[0];
    byId("direction").value = words.get("direction") ?? "both";
    byId("fanout").value = words.get("fanout") ?? byId("fanout").value;
    this.#offerExamples();
    byId("back").disabled = !history.state?.steps;
    await this.#draw();
  }

  /** Draw what the form says, as a step that can be taken back. */
  async #go() {
    if (!this.#schema) return;
    const words = this.#words();
    const address = new URLSearchParams({
      type: words.type, id: words.id, direction: words.direction, fanout: words.fanout,
    });
    if (`?${address}` !== location.search) {
      history.pushState({ steps: (history.state?.steps ?? 0) + 1 }, "", `?${address}`);
    }
    byId("back").disabled = !history.state?.steps;
    await this.#draw();
  }

  #walk(place) {
    const node = this.#found.nodes[place];
    byId("type").value = node.node_type;
    byId("id").value = node.id;
    this.#offerExamples();
    this.#go();
  }

  #words() {
    const followed = this.#schema.relations.map((_, at) => at).filter((at) => !this.#left.has(at));
    return {
      type: byId("type").value,
      id: byId("id").value,
      direction: byId("direction").value,
      fanout: byId("fanout").value.replaceAll(/\s/g, ""),
      nodes_max: byId("nodes-max").value || null,
      rng_seed: byId("rng-seed").value || null,
      relations: this.#left.size ? followed.join() : null,
    };
  }

  async #draw() {
    this.#asking?.abort();
    this.#asking = new AbortController();
    const { signal } = this.#asking;
    byId("explorer").setAttribute("aria-busy", "true");
    try {
      const found = await ask("neighborhood", this.#words(), signal);
      this.#found = found;
      this.drawing.draw(found, this.#schema);
      this.#listRelations();
      this.#summarise();
      show(byId("problem"), "");
      await this.#look(0);
    } catch (error) {
      if (error.name === "AbortError") return;
      show(byId("problem"), sentence(error.message));
    }
    if (!signal.aborted) byId("explorer").removeAttribute("aria-busy");
  }

  async #look(place) {
    const node = this.#found.nodes[place];
    if (this.#looked === node) return;
    this.#looked = node;
    const facts = element("p", { class: "help" }, `${node.node_type}, in partition ${node.part}`);
    const list = neighbors(this.#found, this.#schema, place, (far) => this.#walk(far));
    const shown = await ask("node", { type: node.node_type, id: node.id })
      .then(properties, (error) => element("p", { class: "problem" }, sentence(error.message)));
    if (this.#looked === node) showNode(fullName(node), facts, shown, list);
  }

  #summarise() {
    const { nodes, edges, left_out: leftOut } = this.#found;
    const drawn = `${count(nodes.length, "node")} and ${count(edges.length, "edge")} drawn`;
    byId("summary").textContent = leftOut
      ? `${drawn}; no room for ${number(leftOut)} more that were sampled.`
      : `${drawn}.`;
  }

  #offerExamples() {
    const type = this.#schema.node_types.find(({ name }) => name === byId("type").value);
    const offer = (id) => element("button", {
      type: "button",
      class: "link",
      onclick: () => { byId("id").value = id; this.#go(); },
    }, id);
    const links = (type?.examples ?? []).flatMap((id) => [" ", offer(id)]);
    byId("examples").replaceChildren(...(links.length ? ["Such as", ...links] : []));
  }

  #listRelations() {
    const { relations } = this.#schema;
    const filter = byId("relations-filter");
    filter.hidden = relations.length < FILTER_FROM;
    const drawn = relations.map(() => 0);
    for (const edge of this.#found?.edges ?? []) drawn[edge.relation] += 1;
    const wanted = filter.value.trim().toLowerCase();
    const held = document.activeElement?.dataset?.relation;
    byId("relations").replaceChildren(...this.#relationOrder()
      .filter((at) => spelled(relations[at]).toLowerCase().includes(wanted))
      .map((at) => this.#relationRow(at, drawn[at])));
    if (held) byId("relations").querySelector(`[data-relation="${held}"]`)?.focus();
  }

  /** Those that have been drawn come first, and keep their places. */
  #relationOrder() {
    const rank = (at) => (this.#relationMarks.has(at) ? this.#relationMarks.of(at) : Infinity);
    const order = this.#schema.relations.map((_, at) => ({ at, rank: rank(at) }));
    return order.sort((a, b) => (a.rank === b.rank ? a.at - b.at : a.rank - b.rank)).map(({ at }) => at);
  }

  #relationRow(at, drawn) {
    const relation = this.#schema.relations[at];
    const mark = this.#relationMarks.has(at) ? this.#relationMarks.of(at) : null;
    const tick = element("input", {
      type: "checkbox",
      "data-relation": at,
      checked: !this.#left.has(at),
      onchange: (event) => {
        this.#left[event.target.checked ? "delete" : "add"](at);
        this.#draw();
      },
    });
    return element("li", {}, element(
      "label", { title: `${spelled(relation)}: ${number(relation.count)} in the graph` },
      tick, swatch(mark), element("span", {}, this.#relationName(relation)),
      element("span", { class: "number" }, drawn ? number(drawn) : ""),
    ));
  }

  /** A relation's name, with its ends where others are called the same. */
  #relationName(relation) {
    const same = this.#schema.relations.filter(({ name }) => name === relation.name);
    return same.length > 1 ? spelled(relation) : relation.name;
  }

  #listTypes() {
    const types = this.#schema.node_types;
    byId("types-section").hidden = types.length === 1;
    byId("types").replaceChildren(...types.map(({ name, count: nodes }) => {
      const mark = this.#typeMarks.of(name);
      const sample = svg("svg", { class: "swatch", viewBox: "-10 -10 20 20", "aria-hidden": "true" },
        svg("path", { class: `shape ${typeHue(mark)}`, d: shape(mark, 7) }));
      return element("li", {}, sample, element("span", {}, name),
        element("span", { class: "number" }, nodes));
    }));
  }
}

/** Put a node into the panel; whoever walks through its list of neighbours stays with it. */
function showNode(name, facts, shown, list) {
  const panel = byId("node");
  byId("node-heading").textContent = name;
  list.open = Boolean(panel.querySelector(".neighbors")?.open);
  const hadFocus = panel.contains(document.activeElement);
  panel.replaceChildren(facts, shown, list);
  if (hadFocus) byId("node-heading").focus();
}

const spelled = ({ source, name, destination }) => `${source}:${name}:${destination}`;

/** An error's words as a sentence. */
export const sentence = (text) => {
  const begun = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(begun) ? begun : `${begun}.`;
};
