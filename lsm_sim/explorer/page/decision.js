// What the decision is made of: bins and neurons, and what happens without them.

class DecisionView {
  constructor(pane) {
    this.pane = pane;
    this.canvas = make("canvas", { "data-view": "bins", role: "img", "aria-label": "Contributions of time bins" });
    this.canvas.style.height = "110px";
    this.title = make("h3");
    this.sum = make("p", { class: "note", "data-sum": "" });
    this.tables = make("div", { class: "scroll" });
    this.element = make("section", { class: "view" }, this.title, this.chooser(), this.canvas, this.sum, this.tables);
    followTime(this.canvas);
  }

  chooser() {
    const options = () => contents.outputs.map((name, k) => make("option", { value: k, text: name }));
    this.output = make("select", { "data-choice": "output", onchange: () => change({ output: Number(this.output.value) }) }, ...options());
    this.other = make("select", { "data-choice": "other", onchange: () => change({ other: Number(this.other.value) }) }, make("option", { value: -1, text: "nothing" }), ...options());
    this.mean = make("input", { type: "checkbox", onchange: () => change({ centred: this.mean.checked }) });
    const parts = [make("label", {}, contents.classifies ? "score of" : "", this.output)];
    if (contents.outputs.length > 1) parts.push(make("label", {}, "minus that of", this.other));
    if (contents.mean) parts.push(make("label", {}, this.mean, "compared with the mean training sample"));
    return make("div", { class: "choice" }, ...parts);
  }

  draw() {
    const { run } = this.pane, other = store.other === store.output ? -1 : store.other;
    const found = contributionsOf(run, store.output, other, store.centred);
    this.element.hidden = !found;
    if (!found) return;
    this.output.value = store.output;
    this.other.value = store.other;
    this.mean.checked = store.centred;
    this.title.textContent = "Contributions to the " + this.what(other);
    this.bins(found);
    this.addUp(run, found, other);
    const key = [run, store.output, other, store.centred].join();
    if (key !== this.key) this.table(run, found, other);
    this.key = key;
    for (const button of this.tables.querySelectorAll("button[data-neuron]")) button.setAttribute("aria-pressed", Number(button.dataset.neuron) === store.neuron);
  }

  what(other) {
    if (!contents.classifies) return contents.outputs[store.output];
    return other < 0 ? `score of ${contents.outputs[store.output]}` : `lead of ${contents.outputs[store.output]} over ${contents.outputs[other]}`;
  }

  bins({ byBin, edges }) {
    const { context, width, height } = prepare(this.canvas), plot = frame(width, height);
    const low = Math.min(0, ...byBin), high = Math.max(0, ...byBin), place = valueAxis(context, plot, low * 1.05, high * 1.05 || 1e-9);
    inside(context, plot, () => byBin.forEach((value, i) => {
      const [x0, x1] = [plot.at(edges[i] / contents.dt), plot.at(edges[i + 1] / contents.dt)];
      context.fillStyle = value > 0 ? colours.plus : colours.minus;
      context.fillRect(x0 + 1, Math.min(place(0), place(value)), Math.max(1, x1 - x0 - 2), Math.abs(place(value) - place(0)));
    }));
    line(context, [[plot.x, place(0)], [plot.x + plot.width, place(0)]], colours.quiet);
    timeAxis(context, plot);
    moment(context, plot);
  }

  addUp(run, found, other) {
    const scores = scoresOf(run), last = scores.times.length - 1;
    const score = scores.all[last * scores.n + store.output] - (other < 0 ? 0 : scores.all[last * scores.n + other]);
    const neurons = found.neurons.reduce((a, b) => a + b, 0) + found.others, bins = found.byBin.reduce((a, b) => a + b, 0);
    Object.assign(this.sum.dataset, { score, neurons: neurons + found.constant, bins: bins + found.constant });
    const constant = store.centred ? "the score of the mean training sample" : "the constant of the readout";
    this.sum.textContent = `${constant} ${figure(found.constant)} + neurons ${figure(neurons)} = ${figure(neurons + found.constant)}; the readout says ${figure(score)}. Contributions are those of a linear readout, not causes.`;
  }

  table(run, found, other) {
    const order = Array.from(found.neurons.keys()).sort((a, b) => Math.abs(found.neurons[b]) - Math.abs(found.neurons[a])).slice(0, 20);
    const ablation = contents.runs[run].ablation, rows = this.effects(run, ablation, other);
    const head = ["neuron", "contribution", ...(ablation ? ["change without it", "through others"] : [])];
    const lines = order.map((n) => {
      const effect = rows.get(n), through = effect === undefined ? undefined : effect + this.plain(run, n, other);
      return make("tr", {}, make("td", {}, this.button(n)), cell(found.neurons[n]), ...(ablation ? [cell(effect), cell(through)] : []));
    });
    const caption = `The ${order.length} largest contributions`;
    this.tables.replaceChildren(table(caption, head, lines), ...this.together(run, ablation, other));
    if (!ablation) this.tables.append(make("p", { class: "note", text: "What happens without a neuron was not computed for this run." }));
  }

  button(n) {
    return make("button", { type: "button", "data-neuron": n, text: neuronName(n), onclick: () => change({ neuron: n }) });
  }

  // The contribution itself, not compared with the mean sample: what removing the neuron from the readout alone takes away.
  plain(run, n, other) {
    return contributionsOf(run, store.output, other, false).neurons[n];
  }

  lead(values, i, other) {
    const n = contents.outputs.length;
    return values[i * n + store.output] - (other < 0 ? 0 : values[i * n + other]);
  }

  // Change of the score without each of the neurons that were silenced.
  effects(run, ablation, other) {
    if (!ablation) return new Map();
    const alone = arrayAt(ablation.alone), scores = scoresOf(run), before = this.lead(scores.all, scores.times.length - 1, other);
    return new Map(ablation.neurons.map((n, i) => [n, this.lead(alone, i, other) - before]));
  }

  together(run, ablation, other) {
    if (!ablation) return [];
    const after = arrayAt(ablation.together), scores = scoresOf(run), before = this.lead(scores.all, scores.times.length - 1, other);
    const parts = contributionsOf(run, store.output, other, false).neurons, n = contents.outputs.length;
    const lines = ablation.numbers.map((count, i) => {
      const expected = -ablation.neurons.slice(0, count).reduce((sum, one) => sum + parts[one], 0);
      const row = after.subarray(i * n, (i + 1) * n), best = row.indexOf(Math.max(...row));
      return make("tr", {}, make("td", { text: `the first ${count}` }), cell(expected), cell(this.lead(after, i, other) - before), make("td", { text: contents.classifies ? contents.outputs[best] : figure(row[store.output]) }));
    });
    const names = ablation.neurons.map(neuronName).join(", ");
    const note = make("p", { class: "note", text: `In the order of their contribution to the lead of the answer: ${names}.` });
    return [table("Without several neurons together", ["without", "if they did not interact", "change", "answer then"], lines), note];
  }
}

// A number with its sign; differences that are only rounding are 0.
function cell(given) {
  const value = Math.abs(given) < 1e-12 ? 0 : given;
  return make("td", { class: value > 0 ? "number plus" : value < 0 ? "number minus" : "number", text: value === undefined ? "-" : (value > 0 ? "+" : "") + figure(value, 3) });
}

function table(caption, head, lines) {
  const names = head.map((text) => make("th", { scope: "col", text }));
  return make("table", {}, make("caption", { text: caption }), make("thead", {}, make("tr", {}, ...names)), make("tbody", {}, ...lines));
}

// The controls of the model, or that there are none.
function controlsTable() {
  const given = contents.controls;
  if (!given) return make("p", { class: "note", text: "No controls were given: without them a decision does not show that the liquid is needed." });
  const percent = (value) => (given.metric === "accuracy" ? `${(100 * value).toFixed(2)} %` : figure(value));
  const lines = Object.entries(given.values).map(([name, value]) => make("tr", {}, make("td", { text: name }), make("td", { text: percent(value) })));
  return table("The controls of this model", ["what the readout sees", given.metric], lines);
}
