// The score of every class over time, and when the decision was made and overturned.

function scoresOf(run) {
  return once("scores" + run, () => {
    const found = contents.runs[run].decision;
    if (!found || !found.scores) return null;
    const times = arrayAt(found.times), all = arrayAt(found.scores), n = contents.outputs.length;
    const best = Array.from(times, (_, i) => {
      let k = 0;
      for (let j = 1; j < n; j++) if (all[i * n + j] > all[i * n + k]) k = j;
      return k;
    });
    return { times, all, n, best };
  });
}

// Each time at which another class begins to lead: [time, class].
function turns(found) {
  return found.best.flatMap((k, i) => (i === 0 || k !== found.best[i - 1] ? [[found.times[i], k]] : []));
}

class ScoresView {
  constructor(pane) {
    this.pane = pane;
    this.canvas = make("canvas", { "data-view": "scores", role: "img", "aria-label": "Scores over time" });
    this.canvas.style.height = "200px";
    this.note = make("p", { class: "note" });
    this.story = make("p", { class: "answer", "data-story": "" });
    this.element = make("section", { class: "view" }, make("h3", { text: contents.classifies ? "Scores over time" : "Values over time" }), this.story, this.canvas, this.note);
    followTime(this.canvas);
  }

  draw() {
    const found = scoresOf(this.pane.run);
    this.element.hidden = !found;
    if (!found) return;
    const { context, width, height } = prepare(this.canvas), plot = frame(width, height, BOTTOM + (contents.classifies ? 16 : 0));
    const low = found.all.reduce((a, b) => Math.min(a, b)), high = found.all.reduce((a, b) => Math.max(a, b));
    const margin = 0.05 * (high - low || 1), place = valueAxis(context, plot, low - margin, high + margin);
    const styles = this.styles(found);
    inside(context, plot, () => {
      for (const { k, colour, width: thick, dash } of styles) {
        line(context, Array.from(found.times, (t, i) => [plot.at(t / contents.dt), place(found.all[i * found.n + k])]), colour, thick, dash);
      }
    });
    this.names(context, plot, place, found, styles);
    if (contents.classifies) this.leading(context, plot, found, styles);
    const axis = { ...plot, height: height - TOP - BOTTOM };
    timeAxis(context, axis);
    moment(context, axis);
    this.tell(found);
  }

  // The three best at the end have a colour and a dash of their own; the others are grey.
  styles(found) {
    const last = found.times.length - 1, order = Array.from({ length: found.n }, (_, k) => k);
    order.sort((a, b) => found.all[last * found.n + b] - found.all[last * found.n + a]);
    const looks = [{ width: 2.4, dash: [] }, { width: 1.8, dash: [6, 3] }, { width: 1.6, dash: [2, 2] }];
    return order.map((k, i) => ({ k, colour: i < 3 ? colours.groups[i] : colours.line, width: 1, dash: [], ...looks[i] })).reverse();
  }

  names(context, plot, place, found, styles) {
    const last = found.times.length - 1, used = [];
    for (const { k, colour } of [...styles].reverse().slice(0, 6)) {
      const y = place(found.all[last * found.n + k]);
      if (used.some((other) => Math.abs(other - y) < 10)) continue;
      used.push(y);
      write(context, contents.outputs[k].slice(0, 4), plot.x + plot.width + 3, y, "left", colour === colours.line ? colours.quiet : colour);
    }
  }

  // A strip below: which class leads.
  leading(context, plot, found, styles) {
    const y = plot.y + plot.height + 3, looks = new Map(styles.map((one) => [one.k, one]));
    const list = turns(found);
    inside(context, { ...plot, y, height: 13 }, () => list.forEach(([time, k], i) => {
      const end = i + 1 < list.length ? list[i + 1][0] : found.times[found.times.length - 1];
      const [x0, x1] = [plot.at(time / contents.dt), plot.at(end / contents.dt)];
      context.fillStyle = looks.get(k).colour;
      context.fillRect(x0, y, Math.max(1, x1 - x0 - 1), 13);
      const text = contents.outputs[k];
      if (x1 - x0 > context.measureText(text).width + 4) write(context, text, (x0 + x1) / 2, y + 7, "center", looks.get(k).colour === colours.line ? colours.ink : colours.ground);
    }));
  }

  tell(found) {
    const { sample, decision } = contents.runs[this.pane.run], { label } = contents.samples[sample];
    const now = Array.from(found.times).findLastIndex((t) => t <= store.time * contents.dt + 1e-9);
    const right = label === null ? "" : !contents.classifies ? `, where the data say ${label}` : label === decision.answer ? ", which is right" : `, but the label is ${label}`;
    let story = `Answer: ${decision.answer}${right}.`;
    if (contents.classifies) {
      const list = turns(found), [time, k] = list[list.length - 1];
      const changed = list.length - 1;
      story += ` ${contents.outputs[k]} leads from ${figure(time, 3)} s to the end` + (changed ? `, after ${changed} ${changed === 1 ? "change" : "changes"} of the lead.` : ".");
      if (now >= 0) story += ` At ${seconds(store.time)} the lead is ${contents.outputs[found.best[now]]}'s.`;
    }
    this.story.textContent = story;
    const list = contents.classifies ? turns(found).slice(-6).map(([time, k]) => `${contents.outputs[k]} from ${figure(time, 3)} s`).join(", ") : "";
    const gap = found.times.length > 1 ? found.times[1] - found.times[0] : 0;
    this.note.textContent = `as if the sample ended at this moment, computed every ${figure(gap * 1000, 3)} ms` + (contents.outputs.length === 2 && contents.classifies ? "; of two classes the readout has one score s, shown as -s/2 and s/2" : "") + (list ? `. The last leads: ${list}.` : ".");
  }
}
