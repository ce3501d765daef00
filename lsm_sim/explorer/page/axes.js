// The frame of a picture over time: where a step is, ticks, the moment that is chosen.

const LEFT = 50, RIGHT = 26, TOP = 5, BOTTOM = 18;

function frame(width, height, bottom = BOTTOM) {
  const plot = { x: LEFT, y: TOP, width: Math.floor(width - LEFT - RIGHT), height: height - TOP - bottom };
  plot.scale = plot.width / (store.to - store.from);
  plot.at = (step) => plot.x + (step - store.from) * plot.scale;
  plot.step = (x) => store.from + (x - plot.x) / plot.scale;
  return plot;
}

function niceStep(extent, most) {
  const rough = extent / Math.max(1, most);
  const power = 10 ** Math.floor(Math.log10(rough));
  return [1, 2, 5, 10].map((k) => k * power).find((one) => one >= rough * (1 - 1e-9));
}

function timeAxis(context, plot) {
  const low = store.from * contents.dt, high = store.to * contents.dt;
  const by = niceStep(high - low, plot.width / 80);
  const y = plot.y + plot.height;
  line(context, [[plot.x, y], [plot.x + plot.width, y]], colours.line);
  for (let k = Math.ceil(low / by - 1e-9); k * by <= high + by * 1e-9; k++) {
    const x = plot.at((k * by) / contents.dt);
    line(context, [[x, y], [x, y + 3]], colours.quiet);
    write(context, `${Number((k * by).toPrecision(6))}`, x, y + 10, "center");
  }
  write(context, "s", plot.x + plot.width + 20, y + 10, "center");
}

// Ticks on the left for values from low to high; returns where a value is.
function valueAxis(context, plot, low, high, unit = "") {
  const extent = high - low || 1, place = (value) => plot.y + plot.height - ((value - low) / extent) * plot.height;
  const by = niceStep(extent, plot.height / 28);
  for (let k = Math.ceil(low / by - 1e-9); k * by <= high + by * 1e-9; k++) {
    line(context, [[plot.x, place(k * by)], [plot.x + plot.width, place(k * by)]], colours.line, 0.5);
    write(context, figure(k * by, 3), plot.x - 4, place(k * by), "right");
  }
  if (unit) write(context, unit, plot.x + 4, plot.y + 14);
  return place;
}

function moment(context, plot) {
  const x = plot.at(store.time);
  if (x < plot.x - 0.5 || x > plot.x + plot.width + 0.5) return;
  line(context, [[x, plot.y], [x, plot.y + plot.height]], colours.mark, 1.2);
}

// Draw only inside the plot.
function inside(context, plot, draw) {
  context.save();
  context.beginPath();
  context.rect(plot.x, plot.y, plot.width, plot.height);
  context.clip();
  draw();
  context.restore();
}

// Click: choose a time. Drag: move. Ctrl and wheel: zoom.
function followTime(canvas, options = {}) {
  let start = null;
  const place = (event) => { const box = canvas.getBoundingClientRect(); return [event.clientX - box.left, event.clientY - box.top]; };
  canvas.addEventListener("pointerdown", (event) => {
    const [x, y] = place(event);
    start = { x, y, from: store.from, to: store.to, rowFrom: store.rowFrom, rowTo: store.rowTo, moved: false };
    canvas.setPointerCapture(event.pointerId);
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!start) return;
    const [x, y] = place(event), plot = frame(canvas.clientWidth, canvas.clientHeight);
    if (Math.hypot(x - start.x, y - start.y) > 4) start.moved = true;
    if (!start.moved) return;
    const by = ((start.x - x) / plot.width) * (start.to - start.from);
    showSteps(start.from + by, start.to + by);
    if (options.rows) {
      const rows = ((y - start.y) / plot.height) * (start.rowTo - start.rowFrom);
      showRows(start.rowFrom + rows, start.rowTo + rows);
    }
  });
  canvas.addEventListener("pointerup", (event) => {
    if (start && !start.moved) {
      const [x, y] = place(event), plot = frame(canvas.clientWidth, canvas.clientHeight);
      setTime(Math.round(plot.step(Math.max(plot.x, Math.min(plot.x + plot.width, x)))));
      if (options.click) options.click(x, y, plot);
    }
    start = null;
  });
  canvas.addEventListener("pointercancel", () => { start = null; });
  canvas.addEventListener("wheel", (event) => {
    if (!event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    const [x, y] = place(event), plot = frame(canvas.clientWidth, canvas.clientHeight), factor = Math.exp(event.deltaY / 300);
    if (options.rows && event.shiftKey) {
      const row = store.rowTo - ((y - plot.y) / plot.height) * (store.rowTo - store.rowFrom);
      showRows(row - (row - store.rowFrom) * factor, row + (store.rowTo - row) * factor);
    } else zoom(factor, plot.step(x));
  }, { passive: false });
}
