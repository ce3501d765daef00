// What the reader has chosen. Every picture is drawn from it; `change` is the only way to change it.

const longest = Math.max(...contents.samples.map((one) => one.steps));
const ORDERS = ["group", "rate", "position", ...(contents.runs.some((run) => run.decision && run.decision.by_neuron) ? ["contribution"] : [])];

const store = {
  time: 0, // steps that have ended
  from: 0, // steps that are shown
  to: longest,
  rowFrom: 0, // rows of the raster that are shown
  rowTo: contents.neurons,
  neuron: 0,
  order: "group",
  output: 0, // whose contributions are shown
  other: -1, // over which output, or -1
  centred: false,
  playing: false,
  speed: 0.1, // seconds of the sample in one second
  compare: false,
  choices: [{ sample: 0, variant: 0 }, { sample: 0, variant: 0 }], // of the two panes
};

const listeners = [];
let waiting = false;

function change(patch) {
  Object.assign(store, patch);
  if (waiting) return;
  waiting = true;
  requestAnimationFrame(() => {
    waiting = false;
    for (const listener of listeners) listener();
  });
}

// While the view moves, very many spikes are drawn in part and coarsely; everything is drawn when it rests.
const MOST_WHILE_MOVING = 250000, REST = 150; // spikes, milliseconds
let moving = 0;

function move() {
  clearTimeout(moving);
  moving = setTimeout(() => { moving = 0; change({}); }, REST);
}

// Show these steps: at least 10 (or all there are), within the longest sample.
function showSteps(from, to) {
  const width = Math.min(longest, Math.max(Math.min(10, longest), to - from));
  const start = Math.max(0, Math.min(longest - width, from));
  move();
  change({ from: start, to: start + width });
}

function showRows(from, to) {
  const n = contents.neurons;
  const height = Math.min(n, Math.max(Math.min(5, n), to - from));
  const start = Math.max(0, Math.min(n - height, from));
  move();
  change({ rowFrom: start, rowTo: start + height });
}

// Zoom by a factor, so that this step keeps its place.
function zoom(factor, step = store.time) {
  const at = Math.min(store.to, Math.max(store.from, step));
  showSteps(at - (at - store.from) * factor, at + (store.to - at) * factor);
}

function setTime(step) {
  const time = Math.max(0, Math.min(longest, step));
  change({ time });
  const width = store.to - store.from;
  if (time < store.from) showSteps(time, time + width);
  if (time > store.to) showSteps(time - width, time);
}

function runInPane(p) {
  return runOf(store.choices[p].sample, store.choices[p].variant);
}

// The rows of the raster: row of each neuron, for the run in a pane.
function rowsOf(run) {
  const key = ["rows", store.order, run, store.order === "contribution" ? [store.output, store.other, store.centred] : ""].join();
  return once(key, () => {
    const n = contents.neurons, value = new Float64Array(n);
    if (store.order === "rate") for (const c of spikesOfRun(run).channel) value[c]++;
    if (store.order === "position") {
      const points = arrayAt(contents.places.points);
      for (let i = 0; i < n; i++) value[i] = points[3 * i + 2] * 1e6 + points[3 * i + 1] * 1e3 + points[3 * i];
    }
    if (store.order === "contribution") {
      const found = contributionsOf(run, store.output, store.other, store.centred);
      if (found) value.set(found.neurons);
    }
    const order = Array.from({ length: n }, (_, i) => i);
    if (store.order !== "group") order.sort((a, b) => value[a] - value[b] || a - b);
    const row = new Int32Array(n);
    order.forEach((neuron, r) => { row[neuron] = r; });
    return { row, neuron: Int32Array.from(order) };
  });
}
