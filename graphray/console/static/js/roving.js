// One tab stop for many things that lie on a plane: arrow keys go to the next one in a direction
// (the "roving tabindex" of the ARIA Authoring Practices).

const ARROWS = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1] };

/** Let arrow keys, Home and End move the focus among the elements that `selector` finds. */
export function rove(container, selector) {
  const all = () => [...container.querySelectorAll(selector)];
  container.addEventListener("keydown", (event) => {
    const from = event.target.closest(selector);
    if (!from || event.altKey || event.ctrlKey || event.metaKey) return;
    const to = target(event.key, from, all());
    if (!to) return;
    event.preventDefault();
    to.focus();
  });
  container.addEventListener("focusin", (event) => {
    const chosen = event.target.closest(selector);
    if (chosen) for (const one of all()) one.setAttribute("tabindex", one === chosen ? "0" : "-1");
  });
}

function target(key, from, all) {
  if (key === "Home") return all[0];
  if (key === "End") return all.at(-1);
  return key in ARROWS ? nearest(from, all, ARROWS[key]) : null;
}

/** The element that is nearest in a direction; being off to the side counts twice. */
function nearest(from, all, [dx, dy]) {
  const [x, y] = middle(from);
  let best = null;
  let least = Infinity;
  for (const one of all) {
    const [ax, ay] = middle(one);
    const along = (ax - x) * dx + (ay - y) * dy;
    const across = Math.abs((ax - x) * dy) + Math.abs((ay - y) * dx);
    if (one !== from && along > 1 && along + 2 * across < least) {
      least = along + 2 * across;
      best = one;
    }
  }
  return best;
}

function middle(one) {
  const box = (one.querySelector("[data-middle]") ?? one).getBoundingClientRect();
  return [box.x + box.width / 2, box.y + box.height / 2];
}
