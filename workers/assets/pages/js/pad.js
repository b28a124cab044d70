// A drawing area for signatures: pointer events in, simplified strokes out. Touch, pen and mouse.

const MOST_POINTS = 5_000;
// Distances below are in widths of the pad.
const STEP = 0.003;
const TOLERANCE = 0.0012;
const LEAST_WIDTH = 0.25;
const LEAST_HEIGHT = 0.08;
const MARGIN = 0.02;
const LINE = 0.006;

/** The distance of a point from the line between two others. */
function distance([x, y], [ax, ay], [bx, by]) {
  const dx = bx - ax;
  const dy = by - ay;
  const square = dx * dx + dy * dy;
  const t = square === 0 ? 0 : Math.min(1, Math.max(0, ((x - ax) * dx + (y - ay) * dy) / square));
  return Math.hypot(x - ax - t * dx, y - ay - t * dy);
}

/** Ramer–Douglas–Peucker without recursion: keeps the shape, drops the points that add nothing. */
export function simplify(points, tolerance) {
  if (points.length < 3) return points;
  const keep = new Set([0, points.length - 1]);
  const open = [[0, points.length - 1]];
  while (open.length > 0) {
    const [from, to] = open.pop();
    let furthest = 0;
    let index = -1;
    for (let i = from + 1; i < to; i += 1) {
      const away = distance(points[i], points[from], points[to]);
      if (away > furthest) { furthest = away; index = i; }
    }
    if (furthest > tolerance) { keep.add(index); open.push([from, index], [index, to]); }
  }
  return points.filter((_, index) => keep.has(index));
}

/** The path of a stroke as SVG draws it: curves through the middles of its points. */
export function pathOf(points, scaleX, scaleY) {
  const at = ([x, y]) => `${(x * scaleX).toFixed(2)} ${(y * scaleY).toFixed(2)}`;
  if (points.length === 1) return `M${at(points[0])}l0.01 0`;
  const middle = (a, b) => [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2];
  let path = `M${at(points[0])}`;
  for (let i = 1; i < points.length - 1; i += 1) path += `Q${at(points[i])} ${at(middle(points[i], points[i + 1]))}`;
  return `${path}L${at(points[points.length - 1])}`;
}

/** Trims strokes to what was drawn: coordinates 0..1 in a box of the returned aspect, at most 4 decimals. */
export function trim(strokes) {
  const xs = strokes.flat().map(([x]) => x);
  const ys = strokes.flat().map(([, y]) => y);
  const span = (values, least) => {
    const low = values.reduce((a, b) => Math.min(a, b));
    const high = values.reduce((a, b) => Math.max(a, b));
    const size = Math.max(high - low + 2 * MARGIN, least);
    return { from: (low + high - size) / 2, size };
  };
  const x = span(xs, LEAST_WIDTH);
  const y = span(ys, LEAST_HEIGHT);
  const round = (value) => Math.min(1, Math.max(0, Math.round(value * 10_000) / 10_000));
  return {
    aspect: Math.round((x.size / y.size) * 10_000) / 10_000,
    strokes: strokes.map((stroke) => stroke.map((p) => [round((p[0] - x.from) / x.size), round((p[1] - y.from) / y.size)])),
  };
}

/** Makes a canvas a pad. `changed(count, full)` is called after every stroke, undo and clear. */
export function createPad(canvas, changed) {
  let strokes = [];
  let current = null;
  const pointsUsed = () => strokes.reduce((sum, stroke) => sum + stroke.length, 0);
  const report = () => changed(strokes.length, pointsUsed() >= MOST_POINTS);

  function redraw() {
    const { clientWidth: width, clientHeight: height } = canvas;
    const ratio = window.devicePixelRatio || 1;
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
    const context = canvas.getContext("2d");
    context.scale(ratio, ratio);
    context.lineWidth = Math.max(2, width * LINE);
    context.lineCap = "round";
    context.lineJoin = "round";
    context.strokeStyle = getComputedStyle(canvas).color;
    for (const stroke of current ? [...strokes, current] : strokes) context.stroke(new Path2D(pathOf(stroke, width, width)));
  }

  function add(event) {
    const box = canvas.getBoundingClientRect();
    const x = Math.min(1, Math.max(0, (event.clientX - box.left) / box.width));
    const y = Math.min(box.height / box.width, Math.max(0, (event.clientY - box.top) / box.width));
    const last = current[current.length - 1];
    if (last && Math.hypot(x - last[0], y - last[1]) < STEP) return;
    if (pointsUsed() + current.length < MOST_POINTS) current.push([x, y]);
  }

  canvas.addEventListener("pointerdown", (event) => {
    if (current || (event.pointerType === "mouse" && event.button !== 0) || pointsUsed() >= MOST_POINTS) return;
    event.preventDefault();
    canvas.setPointerCapture(event.pointerId);
    current = [];
    current.pointer = event.pointerId;
    add(event);
    redraw();
  });
  canvas.addEventListener("pointermove", (event) => {
    if (current?.pointer !== event.pointerId) return;
    const all = event.getCoalescedEvents?.() ?? [];
    for (const each of all.length > 0 ? all : [event]) add(each);
    redraw();
  });
  const end = (event) => {
    if (current?.pointer !== event.pointerId) return;
    strokes.push(simplify([...current], TOLERANCE));
    current = null;
    redraw();
    report();
  };
  canvas.addEventListener("pointerup", end);
  canvas.addEventListener("pointercancel", end);
  new ResizeObserver(() => { if (canvas.clientWidth > 0) redraw(); }).observe(canvas);

  return {
    undo() { strokes.pop(); redraw(); report(); },
    clear() { strokes = []; redraw(); report(); },
    isEmpty: () => strokes.length === 0,
    value: () => trim(strokes),
  };
}
