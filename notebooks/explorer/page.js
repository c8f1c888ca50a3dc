"use strict";
// The page of the latent explorer. The decoder and the model of accuracy are the functions of the
// object crlso, which the WebAssembly program makes; all else is here.

const $ = id => document.getElementById(id);
const SVG = "http://www.w3.org/2000/svg";
const STEPS = 40; // of a segment
let data, panels = [], picked = [], A = null, B = null, segment = null, current = null;

const bytesOf = base64 => Uint8Array.from(atob(base64 || ""), c => c.charCodeAt(0));

async function unpack(id) {
  const stream = new Blob([bytesOf($(id).textContent.trim())]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream);
}

// halves reads base64 of half-precision numbers.
function halves(base64) {
  const bytes = bytesOf(base64), out = new Float32Array(bytes.length / 2);
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

const drawAll = () => panels.forEach(p => p.draw());
const percent = x => x === null ? "not known" : x.toFixed(2) + " %";

// hash is FNV-1a of 32 bits.
const hash = text => new TextEncoder().encode(text).reduce((h, byte) => Math.imul(h ^ byte, 0x01000193), 0x811c9dc5) >>> 0;

// table reads accuracies by hash: see measured.go.
function table(base64) {
  const view = new DataView(bytesOf(base64).buffer), out = new Map();
  for (let i = 0; i < view.byteLength; i += 6) out.set(view.getUint32(i, true), view.getUint16(i + 4, true) / 100);
  return out;
}

// measured returns the measured accuracy of an architecture, null if the page does not know it.
function measured(arch) {
  if (data.index.has(arch)) return data.Accuracy[data.index.get(arch)];
  if (data.Measured.StandIn) return call("standIn", arch);
  return data.table.get(hash(arch)) ?? null;
}

// look shows what a latent decodes to.
function look(place) {
  current = place;
  const p = place.panel, [decoded] = JSON.parse(call("decode", p.network, Float32Array.from(place.z)));
  const near = p.nearest(place.z), off = near.distance > p.usual[1];
  const dot = place.index >= 0 ? data.Archs[place.index] : "";
  $("foundTitle").textContent = !decoded.Arch ? "Nothing is decoded here" : decoded.Arch === dot ? "This architecture" : "What is decoded here";
  const rows = [];
  if (decoded.Error) rows.push(["why", decoded.Error]);
  if (p.HasModel) rows.push(["model's accuracy", p.told(call("performance", p.network, Float32Array.from(place.z))[0])]);
  if (decoded.Arch) {
    const m = measured(decoded.Arch);
    rows.push(["measured accuracy", m === null ? `not known: this page holds ${data.held.toLocaleString("en")} accuracies` : percent(m)]);
  }
  if (dot && decoded.Arch !== dot) rows.push(["decoder", `not the dot, which is ${dot}, measured ${percent(data.Accuracy[place.index])}`, true]);
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
  const gap = 52, top = d.Title ? 34 : 18, edges = d.Edges.filter(e => e.Label !== "none");
  let side = 1;
  const bows = edges.map(({ From, To }) => {
    if (To - From === 1) return 0;
    side = -side;
    return -side * (18 + 30 * (To - From - 1));
  });
  const wide = text => 14 + 7 * text.length, reach = inside => Math.max(50, ...edges.map((e, i) => inside(bows[i]) ? Math.abs(bows[i]) + wide(e.Label) : 0));
  const middle = reach(bow => bow < 0), width = middle + Math.max(reach(bow => bow >= 0), ...d.Nodes.map(name => 13 + wide(name)));
  const svg = element("svg", { viewBox: `0 0 ${width} ${top + gap * (d.Nodes.length - 1) + 22}`, width, role: "img", "aria-label": "drawing of the architecture" });
  if (d.Title) svg.append(element("text", { x: middle, y: 12, "text-anchor": "middle" }, d.Title));
  const y = i => top + gap * i, labels = [];
  edges.forEach((e, i) => {
    const bow = bows[i], x = middle + bow, c = e.Label ? operationColour(e.Label) : "#8a8a92";
    svg.append(element("path", { d: `M ${middle} ${y(e.From)} C ${x * 1.33 - middle * 0.33} ${y(e.From) + gap * 0.4}, ${x * 1.33 - middle * 0.33} ${y(e.To) - gap * 0.4}, ${middle} ${y(e.To)}`, fill: "none", stroke: c, "stroke-width": 2.5 }));
    if (e.Label) labels.push(element("text", { x: middle + bow + (bow < 0 ? -2 : 6), y: (y(e.From) + y(e.To)) / 2 + 4, "text-anchor": bow < 0 ? "end" : "start" }, e.Label));
  });
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
  const flat = Float32Array.from(z.flat()), decoded = JSON.parse(call("decode", p.network, flat));
  segment = {
    z, ends: [A, B], panel: p,
    model: p.HasModel ? Array.from(call("performance", p.network, flat)) : [],
    truth: decoded.map(d => d.Arch ? measured(d.Arch) : null),
  };
  $("along").value = 0;
  drawSegment();
  lookAlong();
}

function drawSegment() {
  $("segment").hidden = false;
  const { model, truth } = segment, width = Math.max(260, Math.min(720, $("chart").clientWidth)), height = 220, left = 46, bottom = 24, top = 28;
  const known = truth.filter(x => x !== null), all = segment.panel.Quantiles ? known : known.concat(model), low = Math.min(...all), high = Math.max(...all);
  const x = k => left + k / STEPS * (width - left - 10), scale = (low, high) => v => top + (high - v) / (high - low || 1) * (height - bottom - top - 10);
  const y = scale(low, high), yModel = segment.panel.Quantiles ? scale(Math.min(...model), Math.max(...model)) : y;
  const svg = element("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": "accuracy along the segment" });
  for (const v of all.length ? [low, (low + high) / 2, high] : []) {
    svg.append(element("line", { x1: left, x2: width - 10, y1: y(v), y2: y(v), stroke: "#8a8a92", "stroke-width": 0.5 }),
      element("text", { x: left - 6, y: y(v) + 4, "text-anchor": "end" }, v.toFixed(1)));
  }
  if (model.length) svg.append(element("path", { d: "M" + model.map((v, k) => `${x(k)} ${yModel(v)}`).join("L"), fill: "none", stroke: "#0072b2", "stroke-width": 2.5, "stroke-dasharray": "7 4" }));
  truth.forEach((v, k) => { if (v !== null) svg.append(element("circle", { cx: x(k), cy: y(v), r: 4, fill: "#d55e00" })); });
  svg.append(element("text", { x: 2, y: 14, style: "white-space: pre" },
    model.length ? element("tspan", { fill: "#0072b2", "font-weight": "bold" }, "– – ") : "", model.length ? segment.panel.Quantiles ? "model, own scale   " : "model   " : "",
    element("tspan", { fill: "#d55e00" }, "● "), known.length ? "measured, of what is decoded" : "what is decoded was not measured"));
  const at = x($("along").value);
  svg.append(element("text", { x: left, y: height - 6 }, "A"), element("text", { x: width - 18, y: height - 6 }, "B"),
    element("line", { x1: at, x2: at, y1: top - 8, y2: height - bottom, stroke: "#8a8a92", "stroke-width": 1.5 }));
  $("chart").replaceChildren(svg);
}

// lookAlong shows what is where the slider of the segment stands.
function lookAlong() {
  const k = Number($("along").value), [start, end] = segment.ends;
  look({ panel: segment.panel, z: segment.z[k], index: k === 0 ? start.index : k === STEPS ? end.index : -1 });
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
  data.table = table(data.Measured.Table);
  data.order = data.Accuracy.map((_, i) => i).sort((a, b) => (data.Accuracy[a] ?? -1) - (data.Accuracy[b] ?? -1));
  const unknown = data.Accuracy.filter(x => x === null).length, known = data.order.length - unknown;
  data.held = known + data.table.size;
  data.colours = [];
  data.order.forEach((i, rank) => { data.colours[i] = rank < unknown ? "#8a8a92" : `rgb(${colour((rank - unknown) / known).join()})`; });
  $("note").textContent = data.Measured.StandIn ? "; measured is here what the stand-in for NAS-Bench-301 says" : unknown ? "; grey is not measured" : "";
  $("work").classList.toggle("one", data.Panels.length === 1);
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
  $("along").addEventListener("input", () => { drawSegment(); lookAlong(); });
  window.addEventListener("resize", () => { drawAll(); if (segment) drawSegment(); });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawAll);
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
