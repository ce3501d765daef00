// u, v and the threshold of the chosen neuron.

// Draw values; where there are several for a pixel, as a bar from the lowest to the highest, because long lines are slow.
function curve(context, values, first, last, at, place, colour) {
  if (last - first < 2) return;
  if (at(first + 1) - at(first) > 0.7) {
    line(context, Array.from({ length: last - first }, (_, i) => [at(first + i), place(values[first + i])]), colour, 1.3);
    return;
  }
  context.fillStyle = colour;
  let low = values[first], high = low, pixel = Math.floor(at(first));
  for (let i = first + 1; i < last; i++) {
    const x = Math.floor(at(i));
    if (x !== pixel) {
      context.fillRect(pixel, place(high) - 0.6, 1, place(low) - place(high) + 1.2);
      pixel = x;
      low = high = values[i - 1];
    }
    low = Math.min(low, values[i]);
    high = Math.max(high, values[i]);
  }
}

class MembraneView {
  constructor(pane) {
    this.pane = pane;
    this.title = make("h3");
    this.canvas = make("canvas", { "data-view": "membrane", role: "img", "aria-label": "Membrane potential and current" });
    this.canvas.style.height = "190px";
    this.note = make("p", { class: "note" });
    this.nearest = make("button", { type: "button", text: "show the nearest recorded neuron", onclick: () => change({ neuron: this.closest() }) });
    this.element = make("section", { class: "view" }, this.title, this.canvas, this.note, this.nearest);
    followTime(this.canvas);
  }

  closest() {
    return recorded.reduce((best, n) => (Math.abs(n - store.neuron) < Math.abs(best - store.neuron) ? n : best), recorded[0]);
  }

  values(variable, column) {
    const found = contents.runs[this.pane.run].recording, { low, high, values } = found.variables[variable];
    return once(["trace", this.pane.run, variable, column].join(), () => {
      const a = arrayAt(low)[column], b = arrayAt(high)[column], n = found.points;
      const numbers = arrayAt(values).subarray(column * n, (column + 1) * n);
      return Float64Array.from(numbers, (x) => a + (x / 65535) * (b - a));
    });
  }

  draw() {
    const column = recorded.indexOf(store.neuron), has = column >= 0;
    this.title.textContent = `Membrane of ${neuronName(store.neuron)}`;
    this.nearest.hidden = has;
    const { context, width, height } = prepare(this.canvas);
    if (!has) {
      write(context, "not recorded", width / 2, height / 2, "center");
      this.note.textContent = `u and v of ${neuronName(store.neuron)} were not recorded; see what this page leaves out.`;
      return;
    }
    const found = contents.runs[this.pane.run].recording;
    this.part(context, frame(width, Math.round(height * 0.58), 4), "v", column, found);
    const lower = frame(width, height);
    lower.y = Math.round(height * 0.58) + 6;
    lower.height = height - lower.y - BOTTOM;
    this.part(context, lower, "u", column, found);
    timeAxis(context, lower);
    const every = contents.stride > 1 ? `; every ${contents.stride}th step` : "";
    const unit = (name) => (found.variables[name].unit ? `, in ${found.variables[name].unit}` : "");
    this.note.textContent = `above v${unit("v")} (solid), threshold (dashed), spikes (ticks); below the current u${unit("u")}${every}`;
  }

  part(context, plot, variable, column, found) {
    const values = this.values(variable, column), limits = variable === "v" ? this.threshold(found, column) : null;
    let low = Math.min(...values), high = Math.max(...values);
    if (limits) { low = Math.min(low, ...limits); high = Math.max(high, ...limits); }
    const margin = 0.12 * (high - low || 1), place = valueAxis(context, plot, low - margin, high + margin);
    const { stride } = contents, first = Math.max(0, Math.floor(store.from / stride) - 2), last = Math.min(values.length, Math.ceil(store.to / stride) + 1);
    inside(context, plot, () => {
      const at = (i) => plot.at((i + 1) * stride);
      curve(context, values, first, last, at, place, colourOfGroup(groupOfNeuron[store.neuron]));
      if (!limits) return;
      if (found.adapts) curve(context, limits, first, last, at, place, colours.quiet);
      else line(context, [[plot.x, place(limits[0])], [plot.x + plot.width, place(limits[0])]], colours.quiet, 1, [4, 3]);
      this.ticks(context, plot);
    });
    moment(context, plot);
  }

  threshold(found, column) {
    const all = arrayAt(found.threshold);
    return found.adapts ? all.subarray(column * found.points, (column + 1) * found.points) : [all[column]];
  }

  ticks(context, plot) {
    const { step, channel } = spikesOfRun(this.pane.run), { neuron } = store;
    const own = once(["ticks", this.pane.run, neuron].join(), () => step.filter((_, i) => channel[i] === neuron));
    context.fillStyle = colours.ink;
    for (let i = firstAt(own, Math.floor(store.from)), end = firstAt(own, Math.ceil(store.to)); i < end; i++) context.fillRect(plot.at(own[i] + 1) - 0.7, plot.y, 1.4, 7);
  }
}
