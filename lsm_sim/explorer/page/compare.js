// Two runs beside each other: the first spike that only one of them has.

function firstDifference(one, other) {
  if (one < 0 || other < 0 || one === other) return null;
  return once(`difference${one},${other}`, () => {
    const a = spikesOfRun(one), b = spikesOfRun(other);
    let i = 0;
    while (i < a.size && i < b.size && a.step[i] === b.step[i] && a.channel[i] === b.channel[i]) i++;
    if (i === a.size && i === b.size) return { same: true };
    const inA = i < a.size, inB = i < b.size;
    const left = inA && (!inB || a.step[i] < b.step[i] || (a.step[i] === b.step[i] && a.channel[i] < b.channel[i]));
    const from = left ? a : b;
    return { step: from.step[i], neuron: from.channel[i], left, common: commonSpikes(a, b), total: [a.size, b.size] };
  });
}

function commonSpikes(a, b) {
  let i = 0, j = 0, common = 0;
  while (i < a.size && j < b.size) {
    const far = a.step[i] - b.step[j] || a.channel[i] - b.channel[j];
    if (far === 0) { common++; i++; j++; } else if (far < 0) i++;
    else j++;
  }
  return common;
}

function tellDifference() {
  const place = document.getElementById("difference");
  const found = store.compare ? firstDifference(runInPane(0), runInPane(1)) : null;
  const shown = contents.thinned ? " among the spikes in this page" : "";
  if (!store.compare) place.textContent = "";
  else if (!found) place.textContent = "Choose two different runs to compare.";
  else if (found.same) place.textContent = `The two runs have the same spikes${shown}.`;
  else {
    const side = found.left ? "left" : "right";
    place.textContent = `The first difference${shown} is in the step at ${seconds(found.step)}: ${neuronName(found.neuron)} spikes on the ${side} only. ${found.common} spikes are common, of ${found.total[0]} and ${found.total[1]}.`;
  }
}

function goToDifference() {
  const found = store.compare ? firstDifference(runInPane(0), runInPane(1)) : null;
  if (!found || found.same) return;
  setTime(found.step);
  change({ neuron: found.neuron });
}
