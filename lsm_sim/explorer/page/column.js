// The neurons in space, or in a plane where they have no positions, lit by their spikes.

class ColumnView {
  constructor(pane) {
    this.pane = pane;
    this.turn = { yaw: 0.6, pitch: 0.35 };
    this.canvas = make("canvas", { "data-view": "column", tabindex: 0, role: "img", "aria-label": "Neurons, lit by their spikes" });
    this.canvas.style.height = "260px";
    this.canvas.style.touchAction = "none";
    this.note = make("p", { class: "note" });
    this.element = make("section", { class: "view" }, make("h3", { text: contents.places.in_space ? "Column" : "Neurons" }), this.canvas, this.note);
    this.follow();
    const { in_space: inSpace, remark } = contents.places;
    this.note.textContent = inSpace ? "positions of the model; drag to turn" : `${remark} The arrangement has no meaning.`;
  }

  follow() {
    let start = null;
    this.canvas.addEventListener("pointerdown", (event) => {
      start = { x: event.clientX, y: event.clientY, ...this.turn, moved: false };
      this.canvas.setPointerCapture(event.pointerId);
    });
    this.canvas.addEventListener("pointermove", (event) => {
      if (!start) return;
      if (Math.hypot(event.clientX - start.x, event.clientY - start.y) > 4) start.moved = true;
      if (!start.moved || !contents.places.in_space) return;
      this.turn = { yaw: start.yaw + (event.clientX - start.x) / 120, pitch: Math.max(-1.5, Math.min(1.5, start.pitch + (event.clientY - start.y) / 120)) };
      change({});
    });
    this.canvas.addEventListener("pointerup", (event) => {
      if (start && !start.moved) {
        const box = this.canvas.getBoundingClientRect();
        this.choose(event.clientX - box.left, event.clientY - box.top);
      }
      start = null;
    });
    this.canvas.addEventListener("pointercancel", () => { start = null; });
  }

  choose(x, y) {
    let best = -1, least = 400;
    this.places.forEach(({ x: px, y: py, n }) => {
      const far = (px - x) ** 2 + (py - y) ** 2;
      if (far <= least) { least = far; best = n; }
    });
    if (best >= 0) change({ neuron: best });
  }

  // Where neurons are on the canvas, those in front last; points are centred and at most 1 from the centre.
  project(width, height) {
    const points = once("centred", centredPoints), n = contents.neurons, flat = !contents.places.in_space;
    const { yaw, pitch } = flat ? { yaw: 0, pitch: 0 } : this.turn;
    const [cy, sy, cp, sp] = [Math.cos(yaw), Math.sin(yaw), Math.cos(pitch), Math.sin(pitch)];
    const { wide, high } = points, size = flat ? Math.min((width - 24) / (2 * wide), (height - 24) / (2 * high)) : (Math.min(width, height) / 2 - 14) * 1.05;
    const places = [];
    for (let i = 0; i < n; i++) {
      const [px, py, pz] = [points.at[3 * i], points.at[3 * i + 1], points.at[3 * i + 2]];
      const x = flat ? px : px * cy - py * sy, depth = flat ? 0 : px * sy + py * cy;
      const up = flat ? py : pz * cp - depth * sp;
      places.push({ n: i, x: width / 2 + x * size, y: height / 2 - up * size, depth: flat ? 0 : depth * cp + pz * sp });
    }
    if (!flat) places.sort((a, b) => b.depth - a.depth);
    return places;
  }

  // How lit each neuron is: 1 at a spike, then fading.
  light() {
    const fade = Math.max(15e-3 / contents.dt, (store.to - store.from) / 100);
    const { step, channel } = spikesOfRun(this.pane.run), lit = new Float32Array(contents.neurons);
    for (let i = firstAt(step, Math.floor(store.time - 4 * fade)), end = firstAt(step, store.time); i < end; i++) {
      lit[channel[i]] = Math.exp((step[i] + 1 - store.time) / fade);
    }
    return lit;
  }

  draw() {
    const { context, width, height } = prepare(this.canvas);
    this.places = this.project(width, height);
    const lit = this.light(), base = Math.max(1.2, Math.min(5, Math.sqrt((width * height) / contents.neurons) / 6));
    for (const wanted of [false, true]) {
      for (const { x, y, n } of this.places) {
        if (lit[n] > 0.02 !== wanted) continue;
        context.fillStyle = wanted ? colourOfGroup(groupOfNeuron[n]) : colours.unlit;
        context.globalAlpha = wanted ? 0.25 + 0.75 * lit[n] : 0.8;
        context.beginPath();
        context.arc(x, y, base * (wanted ? 1 + 1.2 * lit[n] : 0.8), 0, 7);
        context.fill();
      }
    }
    context.globalAlpha = 1;
    const chosen = this.places.find(({ n }) => n === store.neuron);
    if (!chosen) return;
    context.beginPath();
    context.arc(chosen.x, chosen.y, base + 5, 0, 7);
    context.strokeStyle = colours.mark;
    context.lineWidth = 1.5;
    context.stroke();
  }
}

function centredPoints() {
  const at = Float32Array.from(arrayAt(contents.places.points)), n = contents.neurons;
  const low = [Infinity, Infinity, Infinity], high = [-Infinity, -Infinity, -Infinity];
  at.forEach((value, i) => { low[i % 3] = Math.min(low[i % 3], value); high[i % 3] = Math.max(high[i % 3], value); });
  const half = low.map((value, k) => (high[k] - value) / 2), reach = Math.hypot(...half) || 1;
  for (let i = 0; i < 3 * n; i++) at[i] = (at[i] - low[i % 3] - half[i % 3]) / reach;
  return { at, wide: half[0] / reach || 0.05, high: half[1] / reach || 0.05 };
}
