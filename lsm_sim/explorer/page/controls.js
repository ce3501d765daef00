// The toolbar and the keyboard.

const SPEEDS = [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10];
let lastFrame = 0;

function play(now) {
  if (!store.playing) return;
  const passed = lastFrame ? Math.min(0.1, (now - lastFrame) / 1000) : 0;
  lastFrame = now;
  const next = store.time + (passed * store.speed) / contents.dt;
  if (next >= longest) {
    setTime(longest);
    change({ playing: false });
    return;
  }
  setTime(next);
  requestAnimationFrame(play);
}

function togglePlay() {
  lastFrame = 0;
  const playing = !store.playing;
  if (playing && store.time >= longest) setTime(0);
  change({ playing });
  if (playing) requestAnimationFrame(play);
}

function toggleCompare() {
  const choices = [...store.choices], [one, other] = choices;
  if (!store.compare && one.sample === other.sample && one.variant === other.variant) {
    if (contents.variants.length > 1) choices[1] = { ...one, variant: (one.variant + 1) % contents.variants.length };
    else choices[1] = { ...one, sample: (one.sample + 1) % contents.samples.length };
  }
  change({ compare: !store.compare, choices });
}

function nextSample() {
  const n = contents.samples.length, choices = store.choices.map((one) => ({ ...one, sample: (one.sample + 1) % n }));
  change({ choices });
}

function nextOrder() {
  change({ order: ORDERS[(ORDERS.indexOf(store.order) + 1) % ORDERS.length] });
}

function moveNeuron(by) {
  const rows = rowsOf(runInPane(0)), row = Math.max(0, Math.min(contents.neurons - 1, rows.row[store.neuron] + by));
  change({ neuron: rows.neuron[row] });
}

const KEYS = {
  " ": togglePlay,
  ArrowLeft: (event) => setTime(Math.ceil(store.time) - (event.shiftKey ? 10 : 1)),
  ArrowRight: (event) => setTime(Math.floor(store.time) + (event.shiftKey ? 10 : 1)),
  ArrowUp: () => moveNeuron(1),
  ArrowDown: () => moveNeuron(-1),
  "+": () => zoom(0.5),
  "=": () => zoom(0.5),
  "-": () => zoom(2),
  0: () => change({ from: 0, to: longest, rowFrom: 0, rowTo: contents.neurons }),
  o: nextOrder,
  n: nextSample,
  c: toggleCompare,
  d: goToDifference,
};

function followKeys() {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const { tagName, type } = event.target;
    if (tagName === "SELECT" || (tagName === "INPUT" && type !== "checkbox" && event.key !== " ")) return;
    if (event.key === " " && (tagName === "BUTTON" || tagName === "SUMMARY" || type === "checkbox")) return;
    if ((event.key === "ArrowUp" || event.key === "ArrowDown") && event.target.dataset.view === undefined && event.target !== document.body) return;
    const action = KEYS[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (!action) return;
    event.preventDefault();
    action(event);
  });
}

class Toolbar {
  constructor(place) {
    this.play = make("button", { type: "button", "data-action": "play", onclick: togglePlay });
    this.scrub = make("input", { type: "range", min: 0, max: longest, step: 1, "aria-label": "time", oninput: () => setTime(Number(this.scrub.value)) });
    this.speed = make("select", { "aria-label": "speed", onchange: () => change({ speed: Number(this.speed.value) }) },
      ...SPEEDS.map((value) => make("option", { value, text: value < 1 ? `1/${Math.round(1 / value)} of real time` : `${value} x real time` })));
    this.order = make("select", { "data-choice": "order", onchange: () => change({ order: this.order.value }) }, ...ORDERS.map((name) => make("option", { value: name, text: name })));
    this.compare = make("button", { type: "button", "data-action": "compare", text: "Compare", onclick: toggleCompare });
    this.difference = make("button", { type: "button", "data-action": "difference", text: "First difference", onclick: goToDifference });
    const button = (text, label, action) => make("button", { type: "button", text, "aria-label": label, title: label, onclick: action });
    place.append(this.play, make("label", { class: "scrub" }, "time", this.scrub), make("label", {}, "speed", this.speed),
      button("+", "zoom in", () => zoom(0.5)), button("−", "zoom out", () => zoom(2)), button("All", "show everything", KEYS[0]),
      make("label", {}, "rows by", this.order), this.compare, this.difference);
    const whole = longest * contents.dt / 10;
    store.speed = SPEEDS.reduce((a, b) => (Math.abs(Math.log(b / whole)) < Math.abs(Math.log(a / whole)) ? b : a));
  }

  draw() {
    this.play.textContent = store.playing ? "Stop" : "Play";
    this.scrub.value = store.time;
    this.speed.value = store.speed;
    this.order.value = store.order;
    this.compare.hidden = contents.runs.length < 2;
    this.compare.setAttribute("aria-pressed", store.compare);
    this.difference.hidden = !store.compare;
    const { from, to } = store;
    document.getElementById("status").textContent = `${seconds(store.time)} of ${seconds(longest)}; in view ${seconds(from)} to ${seconds(to)}; neuron ${neuronName(store.neuron)}`;
  }
}
