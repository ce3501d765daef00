// The state of the liquid in two principal components.

class TrajectoryView {
  constructor(pane) {
    this.pane = pane;
    this.canvas = make("canvas", { "data-view": "trajectory", role: "img", "aria-label": "Trajectory of the state" });
    this.canvas.style.height = "250px";
    this.note = make("p", { class: "note" });
    this.element = make("section", { class: "view" }, make("h3", { text: "State space" }), this.canvas, this.note);
    const { share, fitted, tau } = contents.components;
    this.note.textContent = `principal components of traces of ${figure(tau * 1000)} ms, fitted on ${fitted}; with ${figure(100 * (share[0] + share[1]), 3)} % of the variance in the picture. Grey: the other runs; the line grows thicker with time.`;
    this.canvas.addEventListener("click", (event) => this.choose(event));
  }

  path(run) {
    return once("path" + run, () => ({ times: arrayAt(contents.runs[run].path.times), points: arrayAt(contents.runs[run].path.points) }));
  }

  choose(event) {
    const box = this.canvas.getBoundingClientRect(), { times, points } = this.path(this.pane.run);
    let best = 0, least = Infinity;
    times.forEach((_, i) => {
      const [x, y] = this.place(points[3 * i], points[3 * i + 1]);
      const far = (x - event.clientX + box.left) ** 2 + (y - event.clientY + box.top) ** 2;
      if (far < least) { least = far; best = i; }
    });
    setTime(Math.round(times[best] / contents.dt));
  }

  extent() {
    return once("extent", () => {
      const e = [Infinity, -Infinity, Infinity, -Infinity];
      contents.runs.forEach((_, r) => {
        const { points } = this.path(r);
        for (let i = 0; i < points.length; i += 3) {
          e[0] = Math.min(e[0], points[i]); e[1] = Math.max(e[1], points[i]);
          e[2] = Math.min(e[2], points[i + 1]); e[3] = Math.max(e[3], points[i + 1]);
        }
      });
      return e;
    });
  }

  draw() {
    const { context, width, height } = prepare(this.canvas), [x0, x1, y0, y1] = this.extent();
    this.place = (x, y) => [16 + ((x - x0) / (x1 - x0 || 1)) * (width - 32), height - 18 - ((y - y0) / (y1 - y0 || 1)) * (height - 34)];
    const { share } = contents.components;
    write(context, `PC 1 (${figure(100 * share[0], 3)} %)`, width - 8, height - 8, "right");
    write(context, `PC 2 (${figure(100 * share[1], 3)} %)`, 8, 9);
    contents.runs.forEach((_, r) => { if (r !== this.pane.run) this.curve(context, r, colours.line, () => 0.8); });
    const { times } = this.path(this.pane.run);
    this.curve(context, this.pane.run, colours.plus, (i) => 0.8 + (2.4 * i) / times.length);
    this.dot(context);
  }

  curve(context, run, colour, width) {
    const { times, points } = this.path(run);
    for (let i = 1; i < times.length; i++) {
      line(context, [this.place(points[3 * i - 3], points[3 * i - 2]), this.place(points[3 * i], points[3 * i + 1])], colour, width(i));
    }
  }

  dot(context) {
    const { times, points } = this.path(this.pane.run), now = store.time * contents.dt;
    let i = 0;
    while (i + 1 < times.length && times[i + 1] <= now + 1e-9) i++;
    const [x, y] = this.place(points[3 * i], points[3 * i + 1]);
    context.beginPath();
    context.arc(x, y, 6, 0, 7);
    context.fillStyle = colours.minus;
    context.fill();
    context.strokeStyle = colours.ground;
    context.lineWidth = 2;
    context.stroke();
  }
}
