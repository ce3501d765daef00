// The signal of a sample and the spikes that it becomes.

class SignalView {
  constructor(pane) {
    this.pane = pane;
    this.canvas = make("canvas", { "data-view": "signal", role: "img", "aria-label": "Signal" });
    this.canvas.style.height = "90px";
    this.note = make("p", { class: "note" });
    this.element = make("section", { class: "view" }, make("h3", { text: "Signal" }), this.canvas, this.note);
    followTime(this.canvas);
  }

  draw() {
    const signal = contents.samples[this.pane.sample].signal;
    this.element.hidden = !signal;
    if (!signal) return;
    const { context, width, height } = prepare(this.canvas);
    const plot = frame(width, height), values = arrayAt(signal.values), perFrame = signal.frame / contents.dt;
    const range = once("signal" + this.pane.sample, () => values.reduce(([a, b], v) => [Math.min(a, v), Math.max(b, v)], [Infinity, -Infinity]));
    inside(context, plot, () => (signal.channels > 3 ? this.bands(context, plot, signal, values, perFrame, range) : this.curves(context, plot, signal, values, perFrame, range)));
    timeAxis(context, plot);
    moment(context, plot);
    this.note.textContent = `${signal.channels} channels, ${figure(range[0])} to ${figure(range[1])}` + (signal.channels > 3 ? "; stronger is larger, channel 0 below" : "");
  }

  bands(context, plot, signal, values, perFrame, [low, high]) {
    const rows = signal.channels, perRow = plot.height / rows;
    context.fillStyle = colours.ink;
    for (let t = Math.max(0, Math.floor(store.from / perFrame)); t < Math.min(signal.frames, Math.ceil(store.to / perFrame)); t++) {
      for (let c = 0; c < rows; c++) {
        context.globalAlpha = (values[t * rows + c] - low) / (high - low || 1);
        context.fillRect(plot.at(t * perFrame), plot.y + plot.height - (c + 1) * perRow, perFrame * plot.scale + 0.5, perRow + 0.5);
      }
    }
    context.globalAlpha = 1;
  }

  curves(context, plot, signal, values, perFrame, [low, high]) {
    const place = (value) => plot.y + plot.height - 3 - ((value - low) / (high - low || 1)) * (plot.height - 6);
    for (let c = 0; c < signal.channels; c++) {
      const points = [];
      for (let t = 0; t < signal.frames; t++) {
        const y = place(values[t * signal.channels + c]);
        points.push([plot.at(t * perFrame), y], [plot.at((t + 1) * perFrame), y]);
      }
      line(context, points, colourOfGroup(c), 1.4);
    }
  }
}

class InputView {
  constructor(pane) {
    this.pane = pane;
    this.cache = {};
    this.canvas = make("canvas", { "data-view": "input", role: "img", "aria-label": "Spikes on the input channels" });
    this.canvas.style.height = "120px";
    this.note = make("p", { class: "note" });
    this.element = make("section", { class: "view" }, make("h3", { text: "Input channels" }), this.canvas, this.note);
    followTime(this.canvas);
  }

  draw() {
    const { context, width, height } = prepare(this.canvas), plot = frame(width, height), n = contents.channels;
    const events = spikesOfInput(this.pane.sample);
    const rows = once("input rows", () => Int32Array.from({ length: n }, (_, i) => i));
    write(context, "0", plot.x - 4, plot.y + plot.height - 6, "right");
    write(context, String(n - 1), plot.x - 4, plot.y + 6, "right");
    let shown = 0;
    inside(context, plot, () => { shown = drawEvents(context, plot, events, rows, 0, n, groupOfChannel, this.cache); });
    timeAxis(context, plot);
    moment(context, plot);
    const names = contents.inputs.map((group) => `${group.name} (${group.stop - group.start})`).join(", ");
    this.note.textContent = `${shown} spikes on ${names}`;
  }
}
