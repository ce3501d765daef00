// All pictures of one run.

class Pane {
  constructor(number) {
    this.number = number;
    const views = [SignalView, InputView, Raster, RatesView, MembraneView, ScoresView, DecisionView, ColumnView, TrajectoryView].map((View) => new View(this));
    this.views = views;
    const element = (wanted) => views.find((view) => view instanceof wanted).element;
    const left = [SignalView, InputView, Raster, RatesView, MembraneView].map(element);
    left.push(make("div", { class: "pair" }, element(ColumnView), element(TrajectoryView)));
    const right = [ScoresView, DecisionView].map(element);
    if (contents.runs.some((run) => run.decision)) right.push(make("section", { class: "view" }, controlsTable()));
    this.answer = make("p", { class: "answer" });
    this.element = make("article", { class: "pane", "aria-label": number ? "second run" : "first run" }, this.chooser(), this.answer,
      make("div", { class: "views" }, make("div", { class: "column" }, ...left), make("div", { class: "column" }, ...right)));
  }

  chooser() {
    const names = contents.samples.map((one, b) => make("option", { value: b, text: `${one.number}${one.label === null ? "" : `, label ${one.label}`}` }));
    const kinds = contents.variants.map((one, j) => make("option", { value: j, text: one.name }));
    this.samples = make("select", { "data-choice": "sample", onchange: () => this.choose({ sample: Number(this.samples.value) }) }, ...names);
    this.variants = make("select", { "data-choice": "variant", onchange: () => this.choose({ variant: Number(this.variants.value) }) }, ...kinds);
    this.remark = make("span", { class: "quiet" });
    return make("div", { class: "choice" }, make("label", {}, "sample", this.samples), make("label", {}, "run", this.variants), this.remark);
  }

  choose(patch) {
    const choices = [...store.choices];
    choices[this.number] = { ...choices[this.number], ...patch };
    change({ choices });
  }

  get sample() { return store.choices[this.number].sample; }

  get run() { return runInPane(this.number); }

  draw() {
    if (this.element.hidden) return;
    const { sample, variant } = store.choices[this.number];
    this.samples.value = sample;
    this.variants.value = variant;
    this.remark.textContent = contents.variants[variant].remark;
    const { decision } = contents.runs[this.run];
    this.answer.textContent = decision && !decision.scores ? `Answer: ${decision.answer}. The readout has no scores.` : "";
    const margin = 200; // of pixels above and below the window, so that scrolling finds pictures drawn
    const near = this.views.filter((view) => {
      const box = view.element.getBoundingClientRect();
      return view.element.hidden || (box.bottom > -margin && box.top < window.innerHeight + margin);
    });
    for (const view of near) view.draw();
  }
}
