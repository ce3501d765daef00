// The contents of the page, and the arrays that they refer to by place: [kind, first byte, number of values].

const contents = JSON.parse(document.getElementById("contents").textContent);
const bytes = decodeBase64(document.getElementById("data").textContent);

function decodeBase64(text) {
  if (typeof Uint8Array.fromBase64 === "function") return Uint8Array.fromBase64(text);
  const raw = atob(text);
  const out = new Uint8Array(raw.length);
  for (let i = 0; i < raw.length; i++) out[i] = raw.charCodeAt(i);
  return out;
}

function arrayAt([kind, first, size]) {
  const types = { f8: Float64Array, f4: Float32Array, i4: Int32Array, u2: Uint16Array, u1: Uint8Array };
  return new types[kind](bytes.buffer, bytes.byteOffset + first, size);
}

// Spikes are stored as differences of step * channels + channel, seven bits in a byte, lowest first.
function spikesAt([, first, size], channels) {
  const step = new Int32Array(size);
  const channel = new Int32Array(size);
  let at = first, s = 0, c = 0;
  for (let i = 0; i < size; i++) {
    let byte = bytes[at++], value = byte & 127, unit = 128;
    while (byte > 127) {
      byte = bytes[at++];
      value += (byte & 127) * unit;
      unit *= 128;
    }
    c += value;
    if (c >= channels) {
      const whole = Math.floor(c / channels);
      s += whole;
      c -= whole * channels;
    }
    step[i] = s;
    channel[i] = c;
  }
  return { step, channel, size };
}

// Index of the first spike at this step or later.
function firstAt(step, wanted) {
  let low = 0, high = step.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (step[middle] < wanted) low = middle + 1;
    else high = middle;
  }
  return low;
}

const decoded = new Map();

function once(key, make) {
  if (!decoded.has(key)) decoded.set(key, make());
  return decoded.get(key);
}

function spikesOfRun(r) {
  return once("run" + r, () => spikesAt(contents.runs[r].spikes, contents.neurons));
}

function spikesOfInput(b) {
  return once("input" + b, () => spikesAt(contents.samples[b].input.spikes, contents.channels));
}

function groupsOf(list, size) {
  const index = new Uint8Array(size);
  list.forEach((group, g) => index.fill(g, group.start, group.stop));
  return index;
}

const groupOfNeuron = groupsOf(contents.groups, contents.neurons);
const groupOfChannel = groupsOf(contents.inputs, contents.channels);
const recorded = arrayAt(contents.recorded);

function neuronName(n) {
  const group = contents.groups.find((one) => n >= one.start && n < one.stop);
  return group ? `${group.name}[${n - group.start}]` : `neuron ${n}`;
}

function runOf(sample, variant) {
  return contents.runs.findIndex((run) => run.sample === sample && run.variant === variant);
}

// Sums of contributions to output k, or to the lead of k over another one; minus those of the mean training sample if wanted.
function contributionsOf(run, k, other, centred) {
  const found = contents.runs[run].decision;
  if (!found || !found.by_neuron) return null;
  const n = contents.neurons, shown = arrayAt(found.shown), all = arrayAt(found.by_neuron);
  const bins = found.edges.length - 1, ofBins = arrayAt(found.by_bin), rest = arrayAt(found.rest);
  const neurons = new Float64Array(n), byBin = new Float64Array(bins);
  let constant = 0, others = 0;
  for (const [output, sign] of [[k, 1], [other, -1]]) {
    if (output < 0) continue;
    constant += sign * found.intercept[output];
    others += sign * rest[output];
    for (let i = 0; i < shown.length; i++) neurons[shown[i]] += sign * all[output * shown.length + i];
    for (let i = 0; i < bins; i++) byBin[i] += sign * ofBins[output * bins + i];
  }
  if (centred && contents.mean) constant += subtractMean(neurons, byBin, k, other);
  return { neurons, byBin, constant, others, edges: found.edges };
}

// Subtract what the mean training sample contributes, and return its sum.
function subtractMean(neurons, byBin, k, other) {
  const ofNeurons = arrayAt(contents.mean.by_neuron), ofBins = arrayAt(contents.mean.by_bin);
  let total = 0;
  for (const [output, sign] of [[k, 1], [other, -1]]) {
    if (output < 0) continue;
    for (let i = 0; i < neurons.length; i++) {
      neurons[i] -= sign * ofNeurons[output * neurons.length + i];
      total += sign * ofNeurons[output * neurons.length + i];
    }
    for (let i = 0; i < byBin.length; i++) byBin[i] -= sign * ofBins[output * byBin.length + i];
  }
  return total;
}
