// Making elements: text goes in as text, so that no property of a graph can become markup.

const SVG = "http://www.w3.org/2000/svg";

/** An HTML element with attributes and children; null, undefined and false attributes are left out. */
export function element(name, attributes = {}, ...children) {
  return fill(document.createElement(name), attributes, children);
}

/** Likewise an SVG element. */
export function svg(name, attributes = {}, ...children) {
  return fill(document.createElementNS(SVG, name), attributes, children);
}

/** The element of that id. */
export const byId = (id) => document.getElementById(id);

/** Show or hide an element, with its content where that is given. */
export function show(target, content) {
  target.hidden = !content;
  if (typeof content === "string" && target.textContent !== content) target.textContent = content;
}

/** A table's head and rows, in place of what it held; columns of numbers stand to the right. */
export function fillTable(table, heads, rows) {
  const aligned = heads.map((_, at) =>
    (rows.length && rows.every((row) => typeof row[at] === "number") ? "number" : null));
  table.replaceChildren(
    element("thead", {}, element("tr", {}, ...heads.map((head, at) =>
      element("th", { scope: "col", class: aligned[at] }, head)))),
    element("tbody", {}, ...rows.map((row) => element("tr", {}, ...row.map((value, at) =>
      element("td", { class: aligned[at] }, value))))),
  );
}

function fill(made, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (value !== null && value !== undefined && value !== false) {
      made.setAttribute(name, value === true ? "" : value);
    }
  }
  made.append(...children.map((child) => (typeof child === "number" ? number(child) : child)));
  return made;
}

const GROUPED = new Intl.NumberFormat("en", { maximumFractionDigits: 1 });

/** A number with its thousands apart. */
export const number = (value) => GROUPED.format(value);

/** "1 node", "2 nodes". */
export const count = (value, word) => `${number(value)} ${word}${value === 1 ? "" : "s"}`;

/** A size in bytes, in words. */
export function size(bytes) {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  const step = Math.min(units.length - 1, Math.floor(Math.log2(Math.max(bytes, 1)) / 10));
  return `${number(bytes / 1024 ** step)} ${units[step]}`;
}
