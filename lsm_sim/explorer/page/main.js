// Build the page and draw it for the first time.

document.getElementById("title").textContent = contents.title;
document.getElementById("subject").textContent =
  `${contents.subject}, ${contents.channels} input channels, steps of ${figure(contents.dt * 1000)} ms. ${contents.runs.length} ${contents.runs.length === 1 ? "run" : "runs"} with ${contents.runs.reduce((sum, run) => sum + run.total, 0)} spikes.`;
const remarks = document.getElementById("remarks");
remarks.hidden = !contents.remarks.length;
remarks.querySelector("ul").append(...contents.remarks.map((text) => make("li", { text })));

const toolbar = new Toolbar(document.getElementById("toolbar"));
const place = document.getElementById("panes");
const panes = [new Pane(0)];
place.append(panes[0].element);

// The answer of the first run is what one looks at first, and how it got ahead of the second.
const start = scoresOf(runInPane(0));
if (start) {
  const last = start.times.length - 1, scores = Array.from({ length: start.n }, (_, k) => start.all[last * start.n + k]);
  const order = Array.from(scores.keys()).sort((a, b) => scores[b] - scores[a]);
  Object.assign(store, { output: order[0], other: contents.classifies ? order[1] : -1, time: longest });
}
store.neuron = recorded.length ? recorded[0] : 0;
if (contents.runs[0].ablation) [store.neuron] = contents.runs[0].ablation.neurons;

function draw() {
  if (store.compare && panes.length === 1) {
    panes.push(new Pane(1));
    place.append(panes[1].element);
  }
  place.classList.toggle("two", store.compare);
  if (panes.length > 1) panes[1].element.hidden = !store.compare;
  toolbar.draw();
  for (const pane of panes) pane.draw();
  tellDifference();
}

listeners.push(draw);
for (const event of ["resize", "scroll"]) window.addEventListener(event, () => change({}), { passive: true });
followKeys();
draw();
performance.mark("drawn");
globalThis.explorer = { // for tests and scripts
  store, panes, contents, change, draw, zoom, showSteps, setTime, frame, rowsOf, runOf, spikesOfRun, contributionsOf, scoresOf, firstDifference,
};
