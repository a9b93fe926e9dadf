// How the graph fares: the page's first half, brought up to date every few seconds.

import { byId, element, fillTable, number, show, size } from "./elements.js";
import { rove } from "./roving.js";

const STATES = {
  serving: "serves",
  "in-process": "this process",
  starting: "starting",
  suspect: "is late to answer",
  hung: "hangs",
  unreachable: "does not answer",
  quarantined: "is quarantined",
};

let chosen = null;
let latest = null;

/** Let the map of the cluster be walked by arrow keys. */
export function begin() {
  rove(byId("machines"), ".replica");
  byId("machines").addEventListener("focusin", choose);
  byId("machines").addEventListener("click", choose);
}

/** Show an overview, as the server gives it. */
export function showOverview(overview) {
  latest = overview;
  const { status } = overview;
  byId("title").textContent = overview.title;
  document.title = `${overview.title} · GraphRay console`;
  byId("verdict").className = status.health;
  // A store that this process has opened has nothing that could be down.
  show(byId("verdict"), overview.machines ? status.verdict : "");
  byId("as-of").textContent = `as of ${new Date().toLocaleTimeString()}`;
  glance(overview);
  warnings(status.warnings);
  cluster(overview);
  partitions(overview);
  caches(overview);
  load(overview);
}

/** Add events to the list, newest first. */
export function addEvents(events) {
  const rows = events.map((event) => element(
    "li", {},
    element("time", {}, new Date(event.at_unix_s * 1000).toLocaleTimeString()),
    element("strong", {}, event.kind),
    element("span", {}, event.cause ? `${event.text}: ${event.cause}` : event.text),
  ));
  byId("events").prepend(...rows.reverse());
  byId("events-section").hidden = false;
}

function glance({ status, kind, machines }) {
  const sum = (counts) => Object.values(counts).reduce((total, value) => total + value, 0);
  const serving = status.replicas.filter(serves).length;
  const facts = [
    ["Nodes", number(sum(status.nodes))],
    ["Edges", number(sum(status.edges))],
    ["Kind", kind],
    ["Partitions", number(status.parts)],
    ...(machines ? [["Replicas", `${serving} of ${status.replicas.length} serve`]] : []),
    ...(machines ? [["Machines", number(machines.length)]] : []),
    ["Store", status.uri],
    ["Version", number(status.version)],
  ];
  byId("glance").replaceChildren(...facts.map(([name, value]) => element(
    "div", { class: name === "Store" ? "wide" : null },
    element("dt", {}, name), element("dd", {}, value),
  )));
}

function warnings(texts) {
  byId("warnings").hidden = !texts.length;
  byId("warnings").replaceChildren(...texts.map((text) => element("li", {}, text)));
}

function cluster({ status, machines }) {
  byId("cluster").hidden = !machines;
  if (!machines) return;
  const states = [...new Set(status.replicas.map((replica) => replica.state))].sort();
  byId("key").replaceChildren(...states.map((state) => element(
    "li", {}, element("span", { class: `replica ${state}`, "aria-hidden": "true" }), STATES[state] ?? state,
  )));
  const known = new Set(machines.map((machine) => machine.node_id));
  const homeless = status.replicas.filter((replica) => !known.has(replica.node_id));
  const cards = machines.map((machine) => card(
    nameOf(machine, machines) + (machine.is_head ? " (head)" : ""),
    `${machine.address}, ${number(machine.cpus)} CPUs, ${size(machine.memory_bytes)}`,
    status.replicas.filter((replica) => replica.node_id === machine.node_id),
  ));
  if (homeless.length) cards.push(card("Not known where", "did not answer, or its machine is gone", homeless));
  const held = document.activeElement?.dataset?.replica;
  byId("machines").replaceChildren(...cards);
  const squares = [...byId("machines").querySelectorAll(".replica")];
  const current = squares.find((square) => square.dataset.replica === chosen) ?? squares[0];
  current?.setAttribute("tabindex", "0");
  if (held) squares.find((square) => square.dataset.replica === held)?.focus();
  mark();
}

/** A machine's host name, with its id where several share the name. */
function nameOf(machine, machines) {
  const same = machines.filter(({ hostname }) => hostname === machine.hostname);
  return same.length > 1 ? `${machine.hostname} ${machine.node_id.slice(0, 6)}` : machine.hostname;
}

function card(name, facts, replicas) {
  const title = element("h3", {}, name);
  const squares = replicas.map((replica) => element("button", {
    type: "button",
    tabindex: "-1",
    class: `replica ${replica.state}`,
    "data-replica": `${replica.part}/${replica.replica}`,
    "aria-label": inWords(replica),
  }, String(replica.part)));
  const empty = element("p", { class: "help" }, "no replica");
  return element("div", { class: "machine" }, title, element("p", { class: "help" }, facts),
    squares.length ? element("div", { class: "replicas" }, ...squares) : empty);
}

function choose(event) {
  const square = event.target.closest(".replica");
  if (!square) return;
  chosen = square.dataset.replica;
  mark();
}

/** Bring out the copies of the chosen replica's partition, and say what is known of it. */
function mark() {
  const replica = latest.status.replicas.find((r) => `${r.part}/${r.replica}` === chosen);
  for (const square of byId("machines").querySelectorAll(".replica")) {
    const part = square.dataset.replica.split("/")[0];
    square.classList.toggle("sibling", Boolean(replica) && part === String(replica.part));
    square.setAttribute("aria-pressed", String(square.dataset.replica === chosen));
  }
  const process = replica?.pid ? `, process ${replica.pid}` : "";
  const text = replica ? `${inWords(replica)}${process}.` : "";
  if (byId("replica").textContent !== text) byId("replica").textContent = text;
}

function inWords({ part, replica, state, reason }) {
  const why = reason ? ` (${reason})` : "";
  return `Partition ${part}, replica ${replica}: ${STATES[state] ?? state}${why}`;
}

const serves = ({ state }) => state === "serving" || state === "in-process";

function partitions({ status, partitions: sizes, machines }) {
  const heads = ["partition", "nodes", "edges", ...(machines ? ["replicas"] : [])];
  const rows = sizes.map(({ nodes, edges }, part) => {
    const copies = status.replicas.filter((replica) => replica.part === part);
    const told = `${copies.filter(serves).length} of ${copies.length}`;
    return [part, nodes, edges, ...(machines ? [told] : [])];
  });
  fillTable(byId("partitions"), heads, rows);
}

function caches({ status, machines }) {
  byId("caches-section").hidden = !status.caches.length;
  const names = new Map(
    (machines ?? []).map((machine) => [machine.node_id, nameOf(machine, machines)]));
  fillTable(
    byId("caches"),
    ["on", "of", "columns", "rows", "size", "hit rate"],
    status.caches.map((cache) => [
      names.get(cache.node_id) ?? cache.node_id.slice(0, 6),
      cache.adjacency || cache.node_type,
      cache.columns.join(", ") || "–",
      cache.rows,
      size(cache.size_bytes),
      cache.hits + cache.misses
        ? `${Math.round((100 * cache.hits) / (cache.hits + cache.misses))} %`
        : "not read yet",
    ]),
  );
}

function load({ load: loads }) {
  byId("load-section").hidden = !loads;
  fillTable(
    byId("load"),
    ["partition", "replica", "calls/s", "waiting", "p95", "behind by"],
    (loads ?? []).map((each) => [
      each.part, each.replica, each.calls_per_s, each.queue, `${number(each.p95_ms)} ms`,
      each.lag ?? "–",
    ]),
  );
}
