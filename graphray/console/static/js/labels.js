// Which labels are written and where: nearer nodes first, and none over another. The rest show when
// their node is pointed at or focused.

const LETTER_WIDTH = 6.8;
const LINE_HEIGHT = 14;

/**
 * A spot for each label that has room.
 *
 * @param points the nodes' {x, y, radius}, the more important ones first.
 * @param texts the labels, aligned with them.
 * @returns {({x: number, y: number, anchor: string, shown: boolean})[]}
 */
export function placeLabels(points, texts, width, height) {
  const taken = points.map(({ x, y, radius }) => box(x - radius, y - radius, 2 * radius, 2 * radius));
  return points.map((point, place) => {
    const length = texts[place].length * LETTER_WIDTH;
    const spots = spotsAround(point, length);
    const free = spots.find(({ at }) =>
      inside(at, width, height) && taken.every((other, n) => n === place || !overlap(at, other)));
    if (free) taken.push(free.at);
    const { x, y, anchor } = free ?? spots.find(({ at }) => inside(at, width, height)) ?? spots[0];
    return { x, y, anchor, shown: Boolean(free) };
  });
}

function spotsAround({ x, y, radius }, length) {
  const gap = radius + 4;
  const spot = (dx, dy, anchor) => {
    const left = x + dx - { start: 0, middle: length / 2, end: length }[anchor];
    return { x: dx, y: dy, anchor, at: box(left, y + dy - 11, length, LINE_HEIGHT) };
  };
  return [
    spot(0, gap + 9, "middle"), spot(0, -gap, "middle"),
    spot(gap, 4, "start"), spot(-gap, 4, "end"),
  ];
}

const box = (x, y, width, height) => ({ x, y, right: x + width, bottom: y + height });

const overlap = (a, b) => a.x < b.right && b.x < a.right && a.y < b.bottom && b.y < a.bottom;

const inside = (at, width, height) =>
  at.x >= 2 && at.y >= 2 && at.right <= width - 2 && at.bottom <= height - 2;
