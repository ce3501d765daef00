// Canvases with the pixels of the screen, and the colours of the theme.

const dark = matchMedia("(prefers-color-scheme: dark)");
let colours = readColours();
dark.addEventListener("change", () => { colours = readColours(); change({}); });

function readColours() {
  const style = getComputedStyle(document.documentElement);
  const found = {};
  for (const name of ["ground", "ink", "quiet", "line", "soft", "mark", "plus", "minus", "unlit"]) found[name] = style.getPropertyValue("--" + name).trim();
  found.groups = [0, 1, 2, 3, 4, 5].map((g) => style.getPropertyValue("--g" + g).trim());
  found.rgb = found.groups.map((text) => [1, 3, 5].map((k) => parseInt(text.slice(k, k + 2), 16)));
  return found;
}

function colourOfGroup(g) {
  return colours.groups[g % colours.groups.length];
}

// Return the context of a canvas whose unit is one CSS pixel, and its size.
function prepare(canvas) {
  const ratio = Math.min(2, window.devicePixelRatio || 1);
  const width = Math.max(50, canvas.clientWidth), height = Math.max(20, canvas.clientHeight);
  if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
  }
  const context = canvas.getContext("2d");
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  context.font = "11px system-ui, sans-serif";
  context.lineWidth = 1;
  context.textBaseline = "middle";
  return { context, width, height };
}

function line(context, points, colour, width = 1, dash = []) {
  context.beginPath();
  points.forEach(([x, y], i) => (i ? context.lineTo(x, y) : context.moveTo(x, y)));
  context.strokeStyle = colour;
  context.lineWidth = width;
  context.setLineDash(dash);
  context.stroke();
  context.setLineDash([]);
}

function write(context, text, x, y, align = "left", colour = colours.quiet) {
  context.fillStyle = colour;
  context.textAlign = align;
  context.fillText(text, x, y);
}

// An element with a class, text and children; text is never markup.
function make(tag, options = {}, ...children) {
  const found = document.createElement(tag);
  for (const [name, value] of Object.entries(options)) {
    if (name === "text") found.textContent = value;
    else if (name.startsWith("on")) found.addEventListener(name.slice(2), value);
    else if (value !== null && value !== undefined) found.setAttribute(name, value);
  }
  found.append(...children);
  return found;
}

function figure(value, digits = 4) {
  if (!Number.isFinite(value)) return "-";
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-3 || size >= 1e6)) return value.toExponential(digits - 1);
  return String(Number(value.toPrecision(digits)));
}

function seconds(step) {
  return `${(step * contents.dt).toFixed(contents.dt < 1e-3 ? 4 : 3)} s`;
}
