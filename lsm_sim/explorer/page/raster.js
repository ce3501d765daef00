// Spikes as dots or, where there are too many, as density.

const MOST_DOTS = 30000;

// Draw events with rows: `rowOf[channel]` counts from below; rows from `low` to `high` are shown.
function drawEvents(context, plot, events, rowOf, low, high, groupOf, cache) {
  const first = firstAt(events.step, Math.floor(store.from)), last = firstAt(events.step, Math.ceil(store.to));
  if (last - first <= MOST_DOTS) drawDots(context, plot, events, first, last, rowOf, low, high, groupOf);
  else drawDensity(context, plot, events, first, last, rowOf, low, high, groupOf, cache, everyNth(last - first));
  return last - first;
}

function everyNth(n) {
  return moving ? Math.max(1, Math.ceil(n / MOST_WHILE_MOVING)) : 1;
}

function drawDots(context, plot, events, first, last, rowOf, low, high, groupOf) {
  const perRow = plot.height / (high - low);
  const width = Math.max(1.5, Math.min(3, plot.scale)), height = Math.max(1.5, Math.min(10, perRow * 0.8));
  const bottom = plot.y + plot.height;
  for (let g = 0; g < 6; g++) {
    context.fillStyle = colours.groups[g];
    for (let i = first; i < last; i++) {
      const c = events.channel[i], row = rowOf[c];
      if (groupOf[c] % 6 !== g || row + 1 < low || row > high) continue;
      context.fillRect(plot.at(events.step[i]), bottom - (row + 0.5 - low) * perRow - height / 2, width, height);
    }
  }
}

function drawDensity(context, plot, events, first, last, rowOf, low, high, groupOf, cache, every) {
  const cell = every > 1 ? 2 : 1; // pixels of the screen in a row and a column of the picture
  const width = Math.round(plot.width / cell), height = Math.round(plot.height / cell), size = width * height;
  const kinds = Math.min(6, groupOf.reduce((a, g) => Math.max(a, g), 0) + 1);
  if (!cache.image || cache.image.width !== width || cache.image.height !== height) {
    cache.counts = new Uint16Array(size * kinds);
    cache.image = new ImageData(width, height);
    cache.canvas = Object.assign(document.createElement("canvas"), { width, height });
  }
  const { counts, image } = cache;
  counts.fill(0);
  const start = new Int32Array(rowOf.length), perRow = height / (high - low);
  for (let c = 0; c < start.length; c++) {
    const y = height - 1 - Math.floor((rowOf[c] + 0.5 - low) * perRow);
    start[c] = y < 0 || y >= height ? -1 : (groupOf[c] % 6) * size + y * width;
  }
  const { step, channel } = events, scale = width / (store.to - store.from), shift = store.from;
  for (let i = first; i < last; i += every) {
    const at = start[channel[i]];
    if (at < 0) continue;
    const x = ((step[i] - shift) * scale) | 0;
    if (x >= 0 && x < width) counts[at + x]++;
  }
  paint(counts, image, size, kinds);
  cache.canvas.getContext("2d").putImageData(image, 0, 0);
  context.imageSmoothingEnabled = false;
  context.drawImage(cache.canvas, plot.x, plot.y, plot.width, plot.height);
}

// A pixel has the colour of the group with most spikes in it, and is the stronger the more spikes there are.
function paint(counts, image, size, kinds) {
  let most = 1;
  for (let i = 0; i < counts.length; i++) if (counts[i] > most) most = counts[i];
  const strength = new Uint8Array(most * kinds + 1);
  for (let n = 1; n < strength.length; n++) strength[n] = Math.min(255, 70 + (185 * Math.log1p(n)) / Math.log1p(most));
  const pixels = new Uint32Array(image.data.buffer), paints = colours.rgb.map(([r, g, b]) => r | (g << 8) | (b << 16));
  for (let i = 0; i < size; i++) {
    let total = counts[i], best = total, kind = 0;
    for (let g = 1, at = i + size; g < kinds; g++, at += size) {
      const n = counts[at];
      total += n;
      if (n > best) { best = n; kind = g; }
    }
    pixels[i] = total ? (paints[kind] | (strength[total] << 24)) >>> 0 : 0;
  }
}

class Raster {
  constructor(pane) {
    this.pane = pane;
    this.cache = {};
    this.kept = document.createElement("canvas");
    this.legend = make("p", { class: "legend" }, ...contents.groups.map((group, g) =>
      make("span", { class: "c" + (g % 6) }, make("b", { text: `${group.name} (${group.stop - group.start})` }))));
    this.canvas = make("canvas", { height: 340, "data-view": "raster", tabindex: 0, role: "img", "aria-label": "Spikes of all neurons" });
    this.canvas.style.height = "340px";
    this.note = make("p", { class: "note" });
    this.element = make("section", { class: "view" }, make("h3", { text: "Spikes" }), this.legend, this.canvas, this.note);
    followTime(this.canvas, { rows: true, click: (x, y, plot) => this.choose(x, y, plot) });
  }

  choose(x, y, plot) {
    const rows = rowsOf(this.pane.run);
    const row = Math.floor(store.rowFrom + ((plot.y + plot.height - y) / plot.height) * (store.rowTo - store.rowFrom));
    if (row >= 0 && row < contents.neurons) change({ neuron: rows.neuron[row] });
  }

  // Spikes are drawn again only if something other than the moment or the neuron has changed.
  draw() {
    const { context, width, height } = prepare(this.canvas);
    const plot = frame(width, height), { run } = this.pane, rows = rowsOf(run);
    const key = [run, store.from, store.to, store.rowFrom, store.rowTo, store.order, store.output, store.other, store.centred, width, height, colours.ground, devicePixelRatio, moving > 0 && contents.runs[run].kept > MOST_WHILE_MOVING].join();
    if (key !== this.key) {
      this.key = key;
      this.redraw(width, height, plot, run, rows);
    }
    context.save();
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.drawImage(this.kept, 0, 0);
    context.restore();
    this.marks(context, plot, rows);
    moment(context, plot);
  }

  redraw(width, height, plot, run, rows) {
    Object.assign(this.kept, { width: this.canvas.width, height: this.canvas.height });
    const context = this.kept.getContext("2d");
    context.setTransform(this.kept.width / width, 0, 0, this.kept.height / height, 0, 0);
    context.font = "11px system-ui, sans-serif";
    context.textBaseline = "middle";
    this.labels(context, plot);
    const events = spikesOfRun(run);
    let n = 0;
    inside(context, plot, () => { n = drawEvents(context, plot, events, rows.row, store.rowFrom, store.rowTo, groupOfNeuron, this.cache); });
    timeAxis(context, plot);
    this.strip(context, plot, run, rows);
    const { kept, total } = contents.runs[run];
    const part = kept < total ? `; the page has ${kept} of ${total}` : "";
    this.note.textContent = `${n} spikes of ${total} in view${part}; rows in order of ${store.order}`;
  }

  labels(context, plot) {
    const { rowFrom, rowTo } = store, perRow = plot.height / (rowTo - rowFrom), bottom = plot.y + plot.height;
    if (store.order !== "group") {
      write(context, store.order === "group" ? "" : "high", plot.x - 4, plot.y + 8, "right");
      write(context, "low", plot.x - 4, bottom - 8, "right");
      return;
    }
    contents.groups.forEach((group, g) => {
      const low = Math.max(group.start, rowFrom), high = Math.min(group.stop, rowTo);
      if (high <= low) return;
      const [top, base] = [bottom - (high - rowFrom) * perRow, bottom - (low - rowFrom) * perRow];
      context.fillStyle = colourOfGroup(g);
      context.fillRect(plot.x - 4, top, 3, base - top);
      const name = group.name.length > 7 ? group.name.slice(0, 6) + "…" : group.name;
      if (base - top > 12) write(context, name, plot.x - 7, (top + base) / 2, "right");
    });
  }

  // What each row adds to the chosen score: to the right of the raster, signed.
  strip(context, plot, run, rows) {
    const found = contributionsOf(run, store.output, store.other, store.centred);
    if (!found) return;
    const most = found.neurons.reduce((a, b) => Math.max(a, Math.abs(b)), 1e-300);
    const perRow = plot.height / (store.rowTo - store.rowFrom), bottom = plot.y + plot.height, middle = plot.x + plot.width + 13;
    for (let n = 0; n < found.neurons.length; n++) {
      const row = rows.row[n], size = (found.neurons[n] / most) * 10;
      if (row < store.rowFrom || row >= store.rowTo || Math.abs(size) < 0.3) continue;
      context.fillStyle = size > 0 ? colours.plus : colours.minus;
      context.fillRect(Math.min(middle, middle + size), bottom - (row + 1 - store.rowFrom) * perRow, Math.abs(size), Math.max(0.7, perRow * 0.9));
    }
    line(context, [[middle, plot.y], [middle, bottom]], colours.quiet, 0.5);
  }

  marks(context, plot, rows) {
    const perRow = plot.height / (store.rowTo - store.rowFrom), bottom = plot.y + plot.height;
    const place = (neuron) => bottom - (rows.row[neuron] + 0.5 - store.rowFrom) * perRow;
    inside(context, plot, () => {
      const y = place(store.neuron);
      line(context, [[plot.x, y], [plot.x + plot.width, y]], colours.ink, 0.7, [2, 3]);
    });
    const found = store.compare ? firstDifference(runInPane(0), runInPane(1)) : null;
    if (!found || found.step < store.from || found.step > store.to) return;
    const x = plot.at(found.step) + 1, y = place(found.neuron);
    line(context, [[x, plot.y], [x, bottom]], colours.minus, 1.2, [5, 3]);
    if (y < plot.y || y > bottom) return;
    context.beginPath();
    context.arc(x, y, 6, 0, 7);
    context.strokeStyle = colours.minus;
    context.lineWidth = 2;
    context.stroke();
  }
}
