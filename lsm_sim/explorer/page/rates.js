// Mean rate of each group over time.

class RatesView {
  constructor(pane) {
    this.pane = pane;
    this.canvas = make("canvas", { "data-view": "rates", role: "img", "aria-label": "Rates of the groups" });
    this.canvas.style.height = "110px";
    this.note = make("p", { class: "note" });
    this.element = make("section", { class: "view" }, make("h3", { text: "Rates" }), this.canvas, this.note);
    followTime(this.canvas);
  }

  // Number of spikes of each group up to each step.
  sums(run) {
    return once("sums" + run, () => {
      const steps = contents.samples[contents.runs[run].sample].steps, { step, channel, size } = spikesOfRun(run);
      const sums = contents.groups.map(() => new Float64Array(steps + 1));
      for (let i = 0; i < size; i++) sums[groupOfNeuron[channel[i]]][step[i] + 1]++;
      for (const one of sums) for (let t = 0; t < steps; t++) one[t + 1] += one[t];
      return sums;
    });
  }

  draw() {
    const { context, width, height } = prepare(this.canvas), plot = frame(width, height), { run } = this.pane;
    const { kept, total, sample } = contents.runs[run], steps = contents.samples[sample].steps, sums = this.sums(run);
    const bin = Math.max(1, Math.round(0.005 / contents.dt), Math.ceil((store.to - store.from) / 150));
    const scale = (kept ? total / kept : 1) / (bin * contents.dt);
    const first = Math.floor(store.from / bin), last = Math.min(Math.ceil(store.to / bin), Math.ceil(steps / bin));
    const curves = sums.map((sum, g) => {
      const members = contents.groups[g].stop - contents.groups[g].start || 1, values = [];
      for (let k = first; k < last; k++) values.push(((sum[Math.min(steps, (k + 1) * bin)] - sum[k * bin]) * scale) / members);
      return values;
    });
    const high = Math.max(1e-9, ...curves.map((values) => Math.max(0, ...values)));
    const place = valueAxis(context, plot, 0, high * 1.05, "Hz");
    inside(context, plot, () => curves.forEach((values, g) => {
      const points = values.flatMap((value, i) => [[plot.at((first + i) * bin), place(value)], [plot.at((first + i + 1) * bin), place(value)]]);
      line(context, points, colourOfGroup(g), 1.5, g % 2 ? [5, 2] : []);
    }));
    timeAxis(context, plot);
    moment(context, plot);
    this.note.textContent = `spikes per neuron and second in bins of ${figure(bin * contents.dt * 1000, 3)} ms; every second group is dashed`;
  }
}
