// How relations and node types are told apart: by colour, and where there are more than colours, by
// dashes; types by their shape as well.

const HUES = 8;
const DASHES = ["", "7 4", "2 4", "10 3 2 3"];

/** Hands out marks in the order in which names are met; the same name keeps its mark. */
export class Marks {
  #places = new Map();

  /** The place of a name among those met. */
  of(name) {
    if (!this.#places.has(name)) this.#places.set(name, this.#places.size);
    return this.#places.get(name);
  }

  has(name) {
    return this.#places.has(name);
  }

  clear() {
    this.#places.clear();
  }
}

/** The class that sets the colour of a relation's mark. */
export const relationHue = (place) => `hue-${place % HUES}`;

/** Likewise of a node type's: from the other end, so that the first few of each differ. */
export const typeHue = (place) => `hue-${HUES - 1 - (place % HUES)}`;

/** The dashes of a relation's mark. */
export const dashes = (place) => DASHES[Math.floor(place / HUES) % DASHES.length];

const polygon = (corners, turn) => (radius) => {
  const points = Array.from({ length: corners }, (_, corner) => {
    const angle = turn + (2 * Math.PI * corner) / corners;
    return `${(radius * Math.cos(angle)).toFixed(1)} ${(radius * Math.sin(angle)).toFixed(1)}`;
  });
  return `M${points.join("L")}Z`;
};

const circle = (radius) =>
  `M${-radius} 0A${radius} ${radius} 0 1 1 ${radius} 0A${radius} ${radius} 0 1 1 ${-radius} 0Z`;

/** How far the widest shape reaches, in radii. */
export const WIDEST = 1.3;

const SHAPES = [
  circle,
  (radius) => polygon(4, Math.PI / 4)(radius * 1.2),
  (radius) => polygon(3, -Math.PI / 2)(radius * WIDEST),
  (radius) => polygon(4, 0)(radius * 1.25),
  (radius) => polygon(6, 0)(radius * 1.1),
  (radius) => polygon(5, -Math.PI / 2)(radius * 1.15),
];

/** The outline of a node type's mark, as an SVG path around 0, 0. */
export const shape = (place, radius) => SHAPES[place % SHAPES.length](radius);
