"use strict";
// The page of the latent explorer. The decoder and the model of accuracy are the functions of the
// object crlso, which the WebAssembly program makes; all else is here.

const $ = id => document.getElementById(id);
const SVG = "http://www.w3.org/2000/svg";
const STEPS = 40; // of a segment
let data, panels = [], picked = [], A = null, B = null, current = null;

async function unpack(id) {
  const bytes = Uint8Array.from(atob($(id).textContent.trim()), c => c.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream);
}

// halves reads base64 of half-precision numbers.
function halves(base64) {
  const bytes = Uint8Array.from(atob(base64 || ""), c => c.charCodeAt(0));
  const out = new Float32Array(bytes.length / 2);
  for (let i = 0; i < out.length; i++) {
    const h = bytes[2 * i] | bytes[2 * i + 1] << 8, exponent = h >> 10 & 31, fraction = h & 1023;
    const size = exponent === 0 ? fraction * 2 ** -24 : exponent === 31 ? NaN : (1 + fraction / 1024) * 2 ** (exponent - 15);
    out[i] = h >> 15 ? -size : size;
  }
  return out;
}

// call calls a function of the program. It returns an error where that has failed.
function call(name, ...args) {
  const result = crlso[name](...args);
  if (result instanceof Error) throw result;
  return result;
}

const dot = (a, b) => { let s = 0; for (let i = 0; i < a.length; i++) s += a[i] * b[i]; return s; };
const plus = (a, b, f) => a.map((x, i) => x + f * b[i]);
const norm = a => Math.sqrt(dot(a, a));

// cividis, by Nuñez, Anderton and Renslow (2018), which is the same for those who see no red or
// green: seven of its colours.
const CIVIDIS = [[0, 32, 77], [0, 52, 110], [76, 85, 107], [124, 123, 120], [165, 156, 116], [211, 193, 100], [255, 234, 70]];
function colour(share) {
  const at = Math.min(0.9999, Math.max(0, share)) * (CIVIDIS.length - 1), i = Math.floor(at), f = at - i;
  return CIVIDIS[i].map((c, k) => Math.round(c + f * (CIVIDIS[i + 1][k] - c)));
}

// A panel is a latent space in its plane.
class Panel {
  constructor(saved) {
    Object.assign(this, saved);
    this.dim = saved.Mean.length;
    this.z = halves(saved.Latents);
    this.n = this.z.length / this.dim;
    this.epochs = (saved.Epochs || []).map(e => ({ number: e.Epoch, z: halves(e.Latents) }));
    this.network = call("load", JSON.stringify(saved.Network));
    const figure = document.createElement("figure");
    const caption = document.createElement("figcaption");
    caption.textContent = saved.Name;
    this.canvas = document.createElement("canvas");
    this.canvas.tabIndex = 0;
    this.canvas.setAttribute("role", "application");
    this.canvas.setAttribute("aria-label", `Latent plane${saved.Name ? ", " + saved.Name : ""}: arrow keys move, Enter looks`);
    figure.append(caption, this.canvas);
    $("panels").append(figure);
    this.cursor = [0, 0];
    this.listen();
    this.usual = this.usualDistance();
  }

  latent(i) { return Array.from(this.z.subarray(i * this.dim, (i + 1) * this.dim)); }

  // usualDistance is how far architectures are from their nearest one: median and 95 % quantile.
  usualDistance() {
    const distances = [], step = Math.max(1, Math.floor(this.n / 150));
    for (let i = 0; i < this.n; i += step) distances.push(this.nearest(this.latent(i), i).distance);
    distances.sort((a, b) => a - b);
    return [distances[distances.length >> 1], distances[Math.floor(distances.length * 0.95)]];
  }

  nearest(z, except = -1) {
    let best = Infinity, at = -1;
    for (let i = 0, k = 0; i < this.n; i++, k += this.dim) {
      let s = 0;
      for (let j = 0; j < this.dim && s < best; j++) { const d = this.z[k + j] - z[j]; s += d * d; }
      if (s < best && i !== except) { best = s; at = i; }
    }
    return { index: at, distance: Math.sqrt(best) };
  }

  // setPlane lays the plane through origin along two vectors, which it makes orthonormal.
  setPlane(origin, u, v, names) {
    u = u.map(x => x / norm(u));
    v = plus(v, u, -dot(v, u));
    if (norm(v) < 1e-9) throw new Error("these directions are the same; choose others");
    v = v.map(x => x / norm(v));
    this.origin = origin; this.u = u; this.v = v; this.names = names;
    this.xy = new Float32Array(2 * this.n);
    for (let i = 0; i < this.n; i++) {
      const [x, y] = this.project(this.z.subarray(i * this.dim, (i + 1) * this.dim));
      this.xy[2 * i] = x; this.xy[2 * i + 1] = y;
    }
    const range = k => {
      const values = Float32Array.from({ length: this.n }, (_, i) => this.xy[2 * i + k]).sort();
      const low = values[0], high = values[values.length - 1], margin = 0.06 * (high - low || 1);
      return [low - margin, high + margin];
    };
    [this.x0, this.x1] = range(0); [this.y0, this.y1] = range(1);
    this.field = null;
    this.cursor = [(this.x0 + this.x1) / 2, (this.y0 + this.y1) / 2];
  }

  project(z) { let x = 0, y = 0; for (let j = 0; j < this.dim; j++) { const d = z[j] - this.origin[j]; x += d * this.u[j]; y += d * this.v[j]; } return [x, y]; }
  point(x, y) { return plus(plus(this.origin, this.u, x), this.v, y); }
  toPixel(x, y) { return [(x - this.x0) / (this.x1 - this.x0) * this.width, (this.y1 - y) / (this.y1 - this.y0) * this.height]; }
  toPlane(px, py) { return [this.x0 + px / this.width * (this.x1 - this.x0), this.y1 - py / this.height * (this.y1 - this.y0)]; }

  // fields computes model and gradient on a grid of the plane.
  fields() {
    if (this.field || !this.HasModel) return;
    const side = 32, few = 9, grid = (n, f) => {
      const out = new Float32Array(n * n * this.dim);
      for (let r = 0; r < n; r++) for (let c = 0; c < n; c++) {
        const z = this.point(this.x0 + (c + 0.5) / n * (this.x1 - this.x0), this.y1 - (r + 0.5) / n * (this.y1 - this.y0));
        out.set(z, (r * n + c) * this.dim);
      }
      return call(f, this.network, out);
    };
    this.field = { side, values: grid(side, "performance"), few, gradient: grid(few, "gradient") };
  }

  draw() {
    const ratio = window.devicePixelRatio || 1, box = this.canvas.getBoundingClientRect();
    this.width = box.width; this.height = box.height;
    this.canvas.width = box.width * ratio; this.canvas.height = box.height * ratio;
    const g = this.canvas.getContext("2d"), style = getComputedStyle(document.documentElement);
    const ink = style.getPropertyValue("--ink"), mark = style.getPropertyValue("--mark"), blue = style.getPropertyValue("--b"), paper = style.getPropertyValue("--paper");
    g.scale(ratio, ratio);
    g.fillStyle = paper; g.fillRect(0, 0, this.width, this.height);
    if ($("surface").checked || $("arrows").checked) this.fields();
    const past = this.pastEpoch();
    if (this.field && $("surface").checked && !past) this.drawSurface(g);
    if (past) this.drawEpoch(g, past); else this.drawDots(g);
    this.axes(g, ink);
    if (past) return;
    if (this.field && $("arrows").checked) this.drawArrows(g, ink);
    if ($("path").checked) this.drawPath(g, mark, paper);
    const line = (from, to, c) => { g.strokeStyle = c; g.lineWidth = 2.5; g.beginPath(); g.moveTo(...from); g.lineTo(...to); g.stroke(); };
    const at = p => this.toPixel(...this.project(p.z));
    if (A && B && A.panel === this && B.panel === this) line(at(A), at(B), blue);
    for (const [name, end] of [["A", A], ["B", B]]) if (end && end.panel === this) this.label(g, name, at(end), blue, paper);
    picked.forEach((p, i) => { if (p.panel === this) this.label(g, String(i + 1), at(p), mark, paper); });
    if (current && current.panel === this) this.cross(g, at(current), mark);
    if (document.activeElement === this.canvas) this.cross(g, this.toPixel(...this.cursor), ink);
  }

  axes(g, ink) {
    g.fillStyle = ink; g.font = "12px system-ui, sans-serif"; g.textAlign = "right";
    g.fillText(this.names[0] + " →", this.width - 6, this.height - 6);
    g.save(); g.translate(14, 6); g.rotate(-Math.PI / 2); g.fillText(this.names[1] + " →", 0, 0); g.restore();
  }

  drawSurface(g) {
    const { side, values } = this.field, sorted = Float32Array.from(values).sort();
    const low = sorted[0], high = sorted[sorted.length - 1];
    const small = document.createElement("canvas"), image = new ImageData(side, side);
    small.width = small.height = side;
    values.forEach((v, i) => image.data.set([...colour((v - low) / (high - low || 1)), 95], 4 * i));
    small.getContext("2d").putImageData(image, 0, 0);
    g.drawImage(small, 0, 0, this.width, this.height);
  }

  // pastEpoch is the one that is chosen, if it is before the last.
  pastEpoch() { return this.epochs.slice(0, -1)[Number($("epoch").value)]; }

  // drawDots draws all architectures, the best on top.
  drawDots(g) {
    const size = this.n > 4000 ? 2 : 3;
    for (const i of data.order) {
      const [px, py] = this.toPixel(this.xy[2 * i], this.xy[2 * i + 1]);
      g.fillStyle = data.colours[i];
      g.fillRect(px - size / 2, py - size / 2, size, size);
    }
  }

  // drawEpoch fits each epoch into the picture, as the scale of a latent space changes while it is
  // shaped.
  drawEpoch(g, { z }) {
    const n = z.length / this.dim, xy = [];
    for (let i = 0; i < n; i++) xy.push(this.project(z.subarray(i * this.dim, (i + 1) * this.dim)));
    const span = k => { const v = xy.map(p => p[k]).sort((a, b) => a - b), low = v[0], high = v[n - 1], m = 0.06 * (high - low || 1); return [low - m, high + m]; };
    const [x0, x1] = span(0), [y0, y1] = span(1);
    for (const i of data.order) if (i < n) {
      g.fillStyle = data.colours[i];
      g.fillRect((xy[i][0] - x0) / (x1 - x0) * this.width - 1.5, (y1 - xy[i][1]) / (y1 - y0) * this.height - 1.5, 3, 3);
    }
  }

  drawArrows(g, ink) {
    const { few, gradient } = this.field, arrows = [];
    for (let k = 0; k < few * few; k++) {
      const d = gradient.subarray(k * this.dim, (k + 1) * this.dim);
      arrows.push([dot(this.u, d) / (this.x1 - this.x0) * this.width, -dot(this.v, d) / (this.y1 - this.y0) * this.height]);
    }
    const longest = Math.max(...arrows.map(norm)) || 1, cell = Math.min(this.width, this.height) / few;
    g.strokeStyle = ink; g.lineWidth = 1.5;
    arrows.forEach(([dx, dy], k) => {
      const x = (k % few + 0.5) / few * this.width, y = (Math.floor(k / few) + 0.5) / few * this.height, f = 0.8 * cell / longest;
      const [ex, ey] = [x + dx * f, y + dy * f], angle = Math.atan2(dy, dx);
      g.beginPath(); g.moveTo(x, y); g.lineTo(ex, ey);
      for (const turn of [2.6, -2.6]) { g.moveTo(ex, ey); g.lineTo(ex + 5 * Math.cos(angle + turn), ey + 5 * Math.sin(angle + turn)); }
      g.stroke();
    });
  }

  drawPath(g, c, paper) {
    const pixels = (this.Path || []).map(i => this.toPixel(this.xy[2 * i], this.xy[2 * i + 1]));
    for (const [width, stroke] of [[5, paper], [2, c]]) {
      g.strokeStyle = stroke; g.lineWidth = width; g.beginPath();
      pixels.forEach(([x, y], i) => i ? g.lineTo(x, y) : g.moveTo(x, y));
      g.stroke();
    }
    g.fillStyle = c;
    pixels.forEach(([x, y], i) => { g.beginPath(); g.arc(x, y, i === pixels.length - 1 ? 6 : 3, 0, 7); g.fill(); });
  }

  cross(g, [x, y], c) {
    g.strokeStyle = c; g.lineWidth = 2; g.beginPath();
    g.arc(x, y, 7, 0, 7); g.moveTo(x - 12, y); g.lineTo(x - 3, y); g.moveTo(x + 3, y); g.lineTo(x + 12, y);
    g.moveTo(x, y - 12); g.lineTo(x, y - 3); g.moveTo(x, y + 3); g.lineTo(x, y + 12); g.stroke();
  }

  label(g, text, [x, y], c, paper) {
    g.fillStyle = c; g.beginPath(); g.arc(x, y, 9, 0, 7); g.fill();
    g.fillStyle = paper; g.font = "bold 12px system-ui, sans-serif"; g.textAlign = "center"; g.fillText(text, x, y + 4);
  }

  // at is what a pixel means: an architecture that is near it in the plane, or the plane's point.
  at(px, py) {
    const [x, y] = this.toPlane(px, py);
    if ($("snap").checked) {
      let best = 15 * 15, index = -1;
      for (let i = 0; i < this.n; i++) {
        const [qx, qy] = this.toPixel(this.xy[2 * i], this.xy[2 * i + 1]), d = (qx - px) ** 2 + (qy - py) ** 2;
        if (d < best) { best = d; index = i; }
      }
      if (index >= 0) return { panel: this, z: this.latent(index), index };
    }
    return { panel: this, z: this.point(x, y), index: -1 };
  }

  listen() {
    let start = null;
    const pixel = e => { const box = this.canvas.getBoundingClientRect(); return [e.clientX - box.left, e.clientY - box.top]; };
    this.canvas.addEventListener("pointerdown", e => { this.canvas.setPointerCapture(e.pointerId); start = pixel(e); });
    this.canvas.addEventListener("pointerup", e => {
      if (!start) return;
      const end = pixel(e), far = Math.hypot(end[0] - start[0], end[1] - start[1]) > 12;
      this.cursor = this.toPlane(...end);
      if (far) { A = this.at(...start); B = this.at(...end); showSegment(); } else look(this.at(...end));
      start = null;
    });
    this.canvas.addEventListener("pointercancel", () => { start = null; });
    this.canvas.addEventListener("focus", () => this.draw());
    this.canvas.addEventListener("blur", () => this.draw());
    this.canvas.addEventListener("keydown", e => {
      const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[e.key];
      const here = () => this.at(...this.toPixel(...this.cursor));
      if (step) { this.cursor = [this.cursor[0] + step[0] * (this.x1 - this.x0) / 50, this.cursor[1] + step[1] * (this.y1 - this.y0) / 50]; this.draw(); }
      else if (e.key === "Enter" || e.key === " ") look(here());
      else if (e.key === "a" || e.key === "A") { A = here(); showSegment(); }
      else if (e.key === "b" || e.key === "B") { B = here(); showSegment(); }
      else return;
      e.preventDefault();
    });
  }
}

const drawAll = () => panels.forEach(p => p.draw());
const percent = x => x.toFixed(2) + " %";

// measured returns the measured accuracy of an architecture, null if the page does not know it.
const measured = arch => data.index.has(arch) ? data.Accuracy[data.index.get(arch)] : null;

// look shows what a latent decodes to.
function look(place) {
  current = place;
  const p = place.panel, [decoded] = JSON.parse(call("decode", p.network, Float32Array.from(place.z)));
  const near = p.nearest(place.z), off = near.distance > p.usual[1];
  $("foundTitle").textContent = decoded.Arch ? (place.index >= 0 ? "This architecture" : "What is decoded here") : "Nothing is decoded here";
  const rows = [];
  if (decoded.Error) rows.push(["why", decoded.Error]);
  if (p.HasModel) rows.push(["model's accuracy", percent(call("performance", p.network, Float32Array.from(place.z))[0])]);
  if (decoded.Arch) {
    const m = measured(decoded.Arch);
    rows.push(["measured accuracy", m === null ? "not known to this page" : percent(m)]);
    if (place.index >= 0 && decoded.Arch !== data.Archs[place.index]) rows.push(["decoder", "another one than the dot: " + data.Archs[place.index], true]);
  }
  if (place.index < 0) {
    rows.push(["nearest", `${near.distance.toFixed(2)} away, measured ${percent(data.Accuracy[near.index])}`]);
    rows.push(["decoder", off ? `off the data: 95 % of architectures have a neighbour within ${p.usual[1].toFixed(2)}`
      : `on the data: half of all architectures have a neighbour within ${p.usual[0].toFixed(2)}`, off]);
  }
  $("numbers").replaceChildren(...rows.flatMap(([name, value, warn]) => {
    const dt = document.createElement("dt"), dd = document.createElement("dd");
    dt.textContent = name; dd.textContent = value; if (warn) dd.className = "off";
    return [dt, dd];
  }));
  $("arch").textContent = decoded.Arch;
  $("drawings").replaceChildren(...(decoded.Drawings || []).map(drawing));
  $("found").hidden = false;
  drawAll();
}

// OKABE are colours by Okabe and Ito (2008) that all can tell apart.
const OKABE = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#8c6d31", "#7f7f7f"];
const operations = [];
const operationColour = name => { if (!operations.includes(name)) operations.push(name); return OKABE[operations.indexOf(name) % OKABE.length]; };

function element(name, attributes, ...children) {
  const e = document.createElementNS(SVG, name);
  for (const [k, v] of Object.entries(attributes)) e.setAttribute(k, v);
  e.append(...children);
  return e;
}

// drawing draws a graph from top to bottom. Edges between neighbours are straight, others bow to
// the left and to the right in turn, the longer the wider.
function drawing(d) {
  const gap = 52, width = 340, middle = width / 2, top = d.Title ? 34 : 18;
  const svg = element("svg", { viewBox: `0 0 ${width} ${top + gap * (d.Nodes.length - 1) + 22}`, width, role: "img", "aria-label": "drawing of the architecture" });
  if (d.Title) svg.append(element("text", { x: middle, y: 12, "text-anchor": "middle" }, d.Title));
  const y = i => top + gap * i, labels = [];
  let side = 1;
  for (const e of d.Edges) {
    if (e.Label === "none") continue;
    const span = e.To - e.From, c = e.Label ? operationColour(e.Label) : "#8a8a92";
    let bow = 0;
    if (span > 1) { bow = side * (18 + 30 * (span - 1)); side = -side; }
    const x = middle + bow;
    svg.append(element("path", { d: `M ${middle} ${y(e.From)} C ${x * 1.33 - middle * 0.33} ${y(e.From) + gap * 0.4}, ${x * 1.33 - middle * 0.33} ${y(e.To) - gap * 0.4}, ${middle} ${y(e.To)}`, fill: "none", stroke: c, "stroke-width": 2.5 }));
    if (e.Label) labels.push(element("text", { x: middle + bow + (bow < 0 ? -2 : 6), y: (y(e.From) + y(e.To)) / 2 + 4, "text-anchor": bow < 0 ? "end" : "start" }, e.Label));
  }
  d.Nodes.forEach((name, i) => {
    const operation = !d.Edges.some(e => e.Label) && i > 0 && i < d.Nodes.length - 1;
    svg.append(element("circle", { cx: middle, cy: y(i), r: 8, fill: operation ? operationColour(name) : "#8a8a92" }));
    labels.push(element("text", { x: middle + 13, y: y(i) + 4 }, name));
  });
  svg.append(...labels);
  return svg;
}

// showSegment decodes along the segment from A to B, if both are set in one space.
function showSegment() {
  if (!A || !B || A.panel !== B.panel) { drawAll(); return; }
  const p = A.panel, z = Array.from({ length: STEPS + 1 }, (_, k) => plus(A.z, plus(B.z, A.z, -1), k / STEPS));
  const flat = Float32Array.from(z.flat());
  const decoded = JSON.parse(call("decode", p.network, flat));
  const model = p.HasModel ? Array.from(call("performance", p.network, flat)) : null;
  const truth = decoded.map(d => d.Arch ? measured(d.Arch) : null);
  const width = Math.max(300, Math.min(720, $("panels").clientWidth)), height = 220, left = 46, bottom = 24;
  const all = truth.filter(x => x !== null).concat(model || []), low = Math.min(...all), high = Math.max(...all);
  const x = k => left + k / STEPS * (width - left - 10), y = v => 10 + (high - v) / (high - low || 1) * (height - bottom - 20);
  const svg = element("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": "accuracy along the segment" });
  for (const v of [low, (low + high) / 2, high]) {
    svg.append(element("line", { x1: left, x2: width - 10, y1: y(v), y2: y(v), stroke: "#8a8a92", "stroke-width": 0.5 }),
      element("text", { x: left - 6, y: y(v) + 4, "text-anchor": "end" }, v.toFixed(1)));
  }
  if (model) svg.append(element("path", { d: "M" + model.map((v, k) => `${x(k)} ${y(v)}`).join("L"), fill: "none", stroke: "#0072b2", "stroke-width": 2.5, "stroke-dasharray": "7 4" }),
    element("text", { x: x(2), y: y(model[2]) - 8 }, "model"));
  truth.forEach((v, k) => { if (v !== null) svg.append(element("circle", { cx: x(k), cy: y(v), r: 4, fill: "#d55e00" })); });
  const last = truth.findLastIndex(v => v !== null);
  if (last >= 0) svg.append(element("text", { x: x(last) - 8, y: y(truth[last]) - 10, "text-anchor": "end" }, "measured, of what is decoded"));
  svg.append(element("text", { x: left, y: height - 6 }, "A"), element("text", { x: width - 18, y: height - 6 }, "B"));
  const line = element("line", { y1: 6, y2: height - bottom, stroke: "#8a8a92", "stroke-width": 1.5 });
  svg.append(line);
  $("chart").replaceChildren(svg);
  $("segment").hidden = false;
  $("along").oninput = () => {
    const k = Number($("along").value);
    line.setAttribute("x1", x(k)); line.setAttribute("x2", x(k));
    look({ panel: p, z: z[k], index: k === 0 ? A.index : k === STEPS ? B.index : -1 });
  };
  $("along").value = 0;
  $("along").oninput();
}

function setPlane() {
  const kind = $("plane").value;
  $("firstLabel").hidden = kind !== "components";
  $("secondLabel").hidden = kind === "cells";
  $("picked").textContent = picked.length ? `${picked.length} of three chosen` : "";
  try {
    for (const p of panels) {
      const component = id => p.Components[Math.min(Number($(id).value), p.Components.length - 1)];
      if (kind === "cells") {
        const [a, b, c] = picked.filter(q => q.panel === p);
        if (!c) { if (panels.every(q => picked.filter(r => r.panel === q).length < 3)) throw new Error("choose three architectures: click one, then the button “choose for a plane”"); continue; }
        p.setPlane(a.z, plus(b.z, a.z, -1), plus(c.z, a.z, -1), ["from 1 to 2", "towards 3"]);
      } else if (kind === "fit") {
        const k = Number($("second").value);
        p.setPlane(p.Mean, p.Direction, component("second"), [`linear fit, R² ${p.RSquared.toFixed(2)}`, `component ${k + 1}`]);
      } else p.setPlane(p.Mean, component("first"), component("second"), [`component ${Number($("first").value) + 1}`, `component ${Number($("second").value) + 1}`]);
    }
    $("status").textContent = "";
  } catch (error) { $("status").textContent = error.message; }
  drawAll();
}

function prepare() {
  data.index = new Map(data.Archs.map((a, i) => [a, i]));
  data.order = data.Accuracy.map((_, i) => i).sort((a, b) => data.Accuracy[a] - data.Accuracy[b]);
  data.colours = [];
  data.order.forEach((i, rank) => { data.colours[i] = `rgb(${colour(rank / data.order.length).join()})`; });
  panels = data.Panels.map(p => new Panel(p));
  for (const [id, chosen] of [["first", 0], ["second", 1]]) {
    $(id).replaceChildren(...panels[0].Components.map((_, k) => new Option(`component ${k + 1}`, k, false, k === chosen)));
  }
  $("second").value = 0;
  const g = $("scale").getContext("2d");
  for (let x = 0; x < 160; x++) { g.fillStyle = `rgb(${colour(x / 159).join()})`; g.fillRect(x, 0, 1, 10); }
  for (const id of ["plane", "first", "second"]) $(id).addEventListener("change", () => {
    if (id === "plane" && $("plane").value === "components" && $("first").value === $("second").value) $("second").value = 1;
    setPlane();
  });
  for (const id of ["surface", "arrows", "path"]) $(id).addEventListener("change", drawAll);
  $("setA").onclick = () => { A = current; showSegment(); };
  $("setB").onclick = () => { B = current; showSegment(); };
  $("pick").onclick = () => {
    picked = picked.filter(p => p.panel === current.panel).slice(-2).concat([current]);
    if (picked.length === 3) $("plane").value = "cells";
    setPlane();
  };
  const epochs = panels[0].epochs;
  if (epochs.length > 1) {
    $("epochLabel").hidden = false;
    $("epoch").max = $("epoch").value = epochs.length - 1;
    const tell = () => { $("epochValue").textContent = epochs[Number($("epoch").value)].number; };
    $("epoch").addEventListener("input", () => { tell(); drawAll(); });
    tell();
  }
  $("path").disabled = !panels.some(p => p.Path && p.Path.length);
  $("surface").disabled = $("arrows").disabled = !panels.some(p => p.HasModel);
  $("controls").hidden = $("legend").hidden = false;
  window.addEventListener("resize", drawAll);
  setPlane();
  look({ panel: panels[0], z: panels[0].latent(data.order.at(-1)), index: data.order.at(-1) });
}

async function begin() {
  if (!("DecompressionStream" in window)) throw new Error("this browser is too old for the page: it takes Chromium 80, Firefox 113, Safari 16.4 or a later one");
  data = await (await unpack("data")).json();
  const go = new Go(), ready = new Promise(done => { window.crlsoReady = done; });
  const { instance } = await WebAssembly.instantiate(await (await unpack("program")).arrayBuffer(), go.importObject);
  go.run(instance);
  await ready;
  prepare();
  document.body.dataset.ready = "true"; // for tests
}

begin().catch(error => { $("status").textContent = "The explorer cannot start: " + error.message; throw error; });
