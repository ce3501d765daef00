// u, v and the threshold of the chosen neuron.

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
    const a = arrayAt(low)[column], b = arrayAt(high)[column], n = found.points;
    const numbers = arrayAt(values).subarray(column * n, (column + 1) * n);
    return Float64Array.from(numbers, (x) => a + (x / 65535) * (b - a));
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
    this.note.textContent = `v (solid), threshold (dashed), spikes (ticks above); below the current u${every}`;
  }

  part(context, plot, variable, column, found) {
    const values = this.values(variable, column), limits = variable === "v" ? this.threshold(found, column) : null;
    let low = Math.min(...values), high = Math.max(...values);
    if (limits) { low = Math.min(low, ...limits); high = Math.max(high, ...limits); }
    const margin = 0.12 * (high - low || 1), place = valueAxis(context, plot, low - margin, high + margin, `${variable} ${found.variables[variable].unit}`.trim());
    const step = (i) => (i + 1) * contents.stride, ends = Array.from(values, (_, i) => plot.at(step(i)));
    inside(context, plot, () => {
      line(context, Array.from(values, (value, i) => [ends[i], place(value)]), colourOfGroup(groupOfNeuron[store.neuron]), 1.3);
      if (limits) {
        line(context, Array.from(ends, (x, i) => [x, place(limits[limits.length > 1 ? i : 0])]), colours.quiet, 1, [4, 3]);
        this.ticks(context, plot);
      }
    });
    moment(context, plot);
  }

  threshold(found, column) {
    const all = arrayAt(found.threshold);
    return found.adapts ? all.subarray(column * found.points, (column + 1) * found.points) : [all[column]];
  }

  ticks(context, plot) {
    const { step, channel } = spikesOfRun(this.pane.run);
    for (let i = firstAt(step, Math.floor(store.from)), end = firstAt(step, Math.ceil(store.to)); i < end; i++) {
      if (channel[i] === store.neuron) line(context, [[plot.at(step[i] + 1), plot.y], [plot.at(step[i] + 1), plot.y + 7]], colours.ink, 1.5);
    }
  }
}
