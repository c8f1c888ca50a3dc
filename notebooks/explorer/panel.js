"use strict";
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

  // told is in words what the model says.
  told(value) { return this.Quantiles ? `${((value - 80) / 10).toFixed(2)}, as a normal quantile of what it was trained on` : percent(value); }

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
    const g = this.canvas.getContext("2d"), style = getComputedStyle(this.canvas);
    const ink = style.getPropertyValue("--ink"), mark = style.getPropertyValue("--mark"), blue = style.getPropertyValue("--b"), paper = style.getPropertyValue("--paper");
    g.scale(ratio, ratio);
    g.fillStyle = paper; g.fillRect(0, 0, this.width, this.height);
    if ($("surface").checked || $("arrows").checked) this.fields();
    const past = this.pastEpoch();
    if (this.field && $("surface").checked && !past) this.drawSurface(g);
    if (past) this.drawEpoch(g, past); else this.drawDots(g);
    if (this.field && $("arrows").checked && !past) this.drawArrows(g, ink);
    this.axes(g, ink, paper);
    if (past) return;
    if ($("path").checked) this.drawPath(g, mark, paper);
    const line = (from, to, c) => { g.strokeStyle = c; g.lineWidth = 2.5; g.beginPath(); g.moveTo(...from); g.lineTo(...to); g.stroke(); };
    const at = p => this.toPixel(...this.project(p.z));
    if (A && B && A.panel === this && B.panel === this) line(at(A), at(B), blue);
    if (this.drag) line(...this.drag, mark);
    for (const [name, end] of [["A", A], ["B", B]]) if (end && end.panel === this) this.label(g, name, at(end), blue, paper);
    picked.forEach((p, i) => { if (p.panel === this) this.label(g, String(i + 1), at(p), mark, paper); });
    if (current && current.panel === this) this.cross(g, at(current), mark);
    if (document.activeElement === this.canvas) this.cross(g, this.toPixel(...this.cursor), ink);
  }

  axes(g, ink, paper) {
    g.fillStyle = ink; g.strokeStyle = paper; g.lineWidth = 4; g.lineJoin = "round"; g.font = "12px system-ui, sans-serif"; g.textAlign = "right";
    const text = (name, x, y) => { g.strokeText(name + " →", x, y); g.fillText(name + " →", x, y); };
    text(this.names[0], this.width - 6, this.height - 6);
    g.save(); g.translate(14, 6); g.rotate(-Math.PI / 2); text(this.names[1], 0, 0); g.restore();
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
    const size = this.n > 4000 ? 2 : this.n > 800 ? 3 : 5;
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
    let start = null; // of what may become a drag
    const pixel = e => { const box = this.canvas.getBoundingClientRect(); return [e.clientX - box.left, e.clientY - box.top]; };
    const far = end => Math.hypot(end[0] - start[0], end[1] - start[1]) > 12;
    this.canvas.addEventListener("pointerdown", e => {
      if (!e.isPrimary) return;
      this.canvas.setPointerCapture(e.pointerId);
      start = pixel(e);
    });
    this.canvas.addEventListener("pointermove", e => {
      if (!start || !e.isPrimary) return;
      this.drag = far(pixel(e)) ? [start, pixel(e)] : null;
      this.draw();
    });
    this.canvas.addEventListener("pointerup", e => {
      if (!start || !e.isPrimary) return;
      const from = start, end = pixel(e), dragged = far(end);
      start = this.drag = null;
      this.cursor = this.toPlane(...end);
      if (dragged) { A = this.at(...from); B = this.at(...end); showSegment(); } else look(this.at(...end));
    });
    this.canvas.addEventListener("pointercancel", () => { start = this.drag = null; this.draw(); });
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
