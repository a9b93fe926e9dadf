// Where the nodes of a neighbourhood go: a radial tree, then forces. No chance and no clock in it:
// the same neighbourhood always lies the same way.
//
// The tree puts each hop on a ring around the middle, every subtree in a sector as wide as it has
// leaves (Eades, "Drawing free trees", 1992). Forces then pull edges to a length and push nodes
// apart (Fruchterman and Reingold, "Graph drawing by force-directed placement", 1991).

const ROUNDS = 200;
const LENGTH = 1;
const PULL = 2.2;
const ROUNDS_APART = 30;
const GAP = 7;
const MARGIN = 34;

/**
 * Places for nodes, the first of which stays in the middle.
 *
 * @param nodes with a `hop` each.
 * @param edges with the places of `source` and `destination` among the nodes.
 * @returns {{x: number, y: number}[]} where edges are about 1 long.
 */
export function layOut(nodes, edges) {
  const places = onRings(nodes, children(nodes, edges));
  const pairs = pulls(nodes, edges);
  for (let round = 0; round < ROUNDS; round += 1) relax(places, pairs, 1 - round / ROUNDS);
  return places;
}

/** The ends of each edge and how hard it pulls: less between two that have many, or they would clot. */
function pulls(nodes, edges) {
  const ends = edges.map((e) => [e.source, e.destination]).filter(([a, b]) => a !== b);
  const degrees = nodes.map(() => 0);
  for (const [a, b] of ends) {
    degrees[a] += 1;
    degrees[b] += 1;
  }
  return ends.map(([a, b]) => [a, b, PULL / Math.sqrt(Math.min(degrees[a], degrees[b]))]);
}

/** Per node, the nodes that it is the first way to. */
function children(nodes, edges) {
  const found = nodes.map(() => []);
  const hasParent = nodes.map((_, place) => place === 0);
  for (const { source, destination } of edges) {
    for (const [near, far] of [[source, destination], [destination, source]]) {
      if (nodes[far].hop === nodes[near].hop + 1 && !hasParent[far]) {
        hasParent[far] = true;
        found[near].push(far);
      }
    }
  }
  return found;
}

function onRings(nodes, below) {
  const leaves = nodes.map(() => 1);
  for (let place = nodes.length - 1; place >= 0; place -= 1) {
    const sum = below[place].reduce((total, child) => total + leaves[child], 0);
    leaves[place] = Math.max(1, sum);
  }
  const places = nodes.map(() => ({ x: 0, y: 0 }));
  const place = (node, start, width) => {
    let angle = start;
    for (const child of below[node]) {
      const share = (width * leaves[child]) / leaves[node];
      const radius = nodes[child].hop * LENGTH;
      places[child] = {
        x: radius * Math.cos(angle + share / 2),
        y: radius * Math.sin(angle + share / 2),
      };
      place(child, angle, share);
      angle += share;
    }
  };
  place(0, -Math.PI / 2, 2 * Math.PI);
  return places;
}

/** One round of forces; nobody moves further than `heat` allows. */
function relax(places, pairs, heat) {
  const pushes = places.map(() => ({ x: 0, y: 0 }));
  for (let a = 0; a < places.length; a += 1) {
    for (let b = 0; b < a; b += 1) repel(places, pushes, a, b);
  }
  for (const [a, b, pull] of pairs) attract(places, pushes, a, b, pull);
  for (let place = 1; place < places.length; place += 1) {
    const { x, y } = pushes[place];
    const force = Math.hypot(x, y);
    const step = Math.min(force * 0.05, 0.12 * heat) / Math.max(force, 1e-9);
    places[place].x += x * step;
    places[place].y += y * step;
  }
}

function repel(places, pushes, a, b) {
  // Two on one spot part along a direction that their numbers decide.
  const dx = places[a].x - places[b].x || 1e-3 * (1 + (a % 7));
  const dy = places[a].y - places[b].y || 1e-3 * (1 + (b % 5));
  const strength = (0.6 * LENGTH * LENGTH) / Math.max(dx * dx + dy * dy, 0.01);
  push(pushes, a, b, dx * strength, dy * strength);
}

function attract(places, pushes, a, b, pull) {
  const dx = places[b].x - places[a].x;
  const dy = places[b].y - places[a].y;
  const strength = pull * (Math.hypot(dx, dy) / LENGTH);
  push(pushes, a, b, dx * strength, dy * strength);
}

function push(pushes, a, b, x, y) {
  pushes[a].x += x;
  pushes[a].y += y;
  pushes[b].x -= x;
  pushes[b].y -= y;
}

/**
 * The places stretched to fill a box, by at most half as much again in one direction, and moved
 * apart where marks would touch.
 *
 * @param radii how large each mark is.
 */
export function fit(places, radii, width, height) {
  const [left, right] = reach(places.map(({ x }) => x));
  const [top, bottom] = reach(places.map(({ y }) => y));
  const room = (from, to, length) => (length - 2 * MARGIN) / Math.max(to - from, 0.8);
  const [scaleX, scaleY] = [room(left, right, width), room(top, bottom, height)];
  const most = Math.min(1.5 * Math.min(scaleX, scaleY), 0.3 * Math.min(width, height));
  const points = places.map(({ x, y }) => ({
    x: width / 2 + (x - (left + right) / 2) * Math.min(scaleX, most),
    y: height / 2 + (y - (top + bottom) / 2) * Math.min(scaleY, most),
  }));
  for (let round = 0; round < ROUNDS_APART; round += 1) moveApart(points, radii, width, height);
  return points;
}

const reach = (values) => [Math.min(...values), Math.max(...values)];

function moveApart(points, radii, width, height) {
  for (let a = 0; a < points.length; a += 1) {
    for (let b = 0; b < a; b += 1) part(points[a], points[b], radii[a] + radii[b] + GAP);
  }
  points.forEach((point, place) => {
    const rim = radii[place] + GAP;
    point.x = Math.min(Math.max(point.x, rim), width - rim);
    point.y = Math.min(Math.max(point.y, rim), height - rim);
  });
}

/** Move two points apart, half the way each, until they are a distance from each other. */
function part(a, b, distance) {
  const dx = a.x - b.x || 0.01;
  const dy = a.y - b.y;
  const apart = Math.hypot(dx, dy);
  if (apart >= distance) return;
  const half = (distance - apart) / (2 * apart);
  a.x += dx * half;
  a.y += dy * half;
  b.x -= dx * half;
  b.y -= dy * half;
}
