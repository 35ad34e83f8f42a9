// A photo that fills its place, zooms to the pixel, and carries marks.
"use strict";

geobike.SVG = "http://www.w3.org/2000/svg";

geobike.svg = function (tag, attributes) {
  const made = document.createElementNS(geobike.SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
};

geobike.stage = function (page, { onclick, ondrag } = {}) {
  const { el, svg } = geobike;
  const { say } = page;
  const picture = el("img", { className: "gb-photo", draggable: false, alt: "" });
  const marks = svg("svg", { class: "gb-marks", "aria-hidden": "true" });
  const note = el("p", { className: "gb-wait", role: "status" });
  const stage = { marks, scale: 1, fit: 1, x: 0, y: 0, size: null, redraw: null };
  const button = (key, act, shown) =>
    el("button", { type: "button", title: say(key), "aria-label": say(key), onclick: act }, shown);
  const zooms = el("div", { className: "gb-zooms" },
    button("zoom_in", () => stage.zoom(1.5), "+"),
    button("zoom_out", () => stage.zoom(1 / 1.5), "\u2212"),
    button("zoom_pixel", () => stage.toggle(), "1:1"));
  stage.el = el("div", { className: "gb-stage", "data-zoomed": "none" }, picture, marks, note, zooms);

  const place = () => {
    if (!stage.size || !stage.el.clientWidth) return;
    const [width, height] = stage.size;
    const { clientWidth, clientHeight } = stage.el;
    const bound = (offset, room, length) =>
      length <= room ? (room - length) / 2 : Math.min(0, Math.max(room - length, offset));
    stage.x = bound(stage.x, clientWidth, width * stage.scale);
    stage.y = bound(stage.y, clientHeight, height * stage.scale);
    const move = `translate(${stage.x}px, ${stage.y}px) scale(${stage.scale})`;
    for (const each of [picture, marks]) each.style.transform = move;
    picture.classList.toggle("gb-pixels", stage.scale > 2);
    stage.el.style.setProperty("--gb-scale", String(1 / stage.scale));
    stage.el.dataset.zoomed = stage.scale > stage.fit * 1.001 ? "yes" : "no";
    stage.redraw?.();
  };
  const measure = () => {
    if (!stage.size || !stage.el.clientWidth) return; // another view is shown
    const before = stage.fit;
    const [width, height] = stage.size;
    stage.fit = Math.min(stage.el.clientWidth / width, stage.el.clientHeight / height);
    if (stage.scale <= before * 1.001) stage.scale = stage.fit;
    place();
  };
  new ResizeObserver(measure).observe(stage.el);

  stage.show = (address, alt) => {
    stage.size = null;
    picture.classList.add("gb-hidden");
    marks.replaceChildren();
    note.textContent = say("loading");
    picture.alt = alt;
    return new Promise((done) => {
      picture.onload = () => {
        stage.size = [picture.naturalWidth, picture.naturalHeight];
        marks.setAttribute("viewBox", `0 0 ${stage.size[0]} ${stage.size[1]}`);
        for (const each of [picture, marks]) {
          each.style.width = `${stage.size[0]}px`;
          each.style.height = `${stage.size[1]}px`;
        }
        stage.scale = stage.fit = 1e-9;
        measure();
        picture.classList.remove("gb-hidden");
        note.textContent = "";
        done(true);
      };
      picture.onerror = async () => {
        const told = await fetch(address).then((answer) => answer.json()).catch(() => ({}));
        note.textContent = say("no_photo", { why: told.error || "" });
        done(false);
      };
      picture.src = address;
    });
  };
  const centre = () => [stage.el.clientWidth / 2, stage.el.clientHeight / 2];
  stage.zoom = (factor, at = stage.pointer || centre()) => {
    if (!stage.size) return;
    const to = Math.min(Math.max(stage.scale * factor, stage.fit), Math.max(8, stage.fit));
    stage.x = at[0] - (at[0] - stage.x) * (to / stage.scale);
    stage.y = at[1] - (at[1] - stage.y) * (to / stage.scale);
    stage.scale = to;
    place();
  };
  // From all of the photo to its own pixels, and back.
  stage.toggle = () => {
    const pixel = Math.max(1, stage.fit * 2);
    stage.zoom((stage.scale > stage.fit * 1.001 ? stage.fit : pixel) / stage.scale);
  };
  stage.pan = (across, down) => { stage.x += across; stage.y += down; place(); };
  // From the screen to the photo's pixels.
  stage.point = (event) => {
    const box = stage.el.getBoundingClientRect();
    return [(event.clientX - box.left - stage.x) / stage.scale, (event.clientY - box.top - stage.y) / stage.scale];
  };
  stage.inside = ([x, y]) => x >= 0 && y >= 0 && x < stage.size[0] && y < stage.size[1];

  const held = new Map();
  let start = null;
  let moved = false;
  stage.el.addEventListener("pointerdown", (event) => {
    if (!stage.size || event.button !== 0 || event.target.closest("button")) return;
    event.preventDefault();
    stage.el.setPointerCapture(event.pointerId);
    held.set(event.pointerId, event);
    start = { point: stage.point(event), x: event.clientX, y: event.clientY, draws: ondrag && !event.shiftKey && held.size === 1 };
    moved = held.size > 1;
    if (held.size > 1 && ondrag) ondrag(null, null, false);
  });
  stage.el.addEventListener("pointermove", (event) => {
    const box = stage.el.getBoundingClientRect();
    stage.pointer = [event.clientX - box.left, event.clientY - box.top];
    const before = held.get(event.pointerId);
    if (!before) return;
    held.set(event.pointerId, event);
    const other = [...held.values()].find(({ pointerId }) => pointerId !== event.pointerId);
    if (other) {
      const apart = (one) => Math.hypot(one.clientX - other.clientX, one.clientY - other.clientY);
      stage.zoom(apart(event) / Math.max(1, apart(before)));
    } else if (moved || Math.hypot(event.clientX - start.x, event.clientY - start.y) > 5) {
      moved = true;
      if (start.draws) ondrag(start.point, stage.point(event), false);
      else stage.pan(event.clientX - before.clientX, event.clientY - before.clientY);
    }
  });
  const release = (event) => {
    if (!held.delete(event.pointerId) || held.size) return;
    if (event.type === "pointerup" && !moved) {
      const point = stage.point(event);
      if (stage.inside(point)) onclick?.(point, event);
    } else if (event.type === "pointerup" && start.draws) ondrag(start.point, stage.point(event), true);
  };
  stage.el.addEventListener("pointerup", release);
  stage.el.addEventListener("pointercancel", release);
  stage.el.addEventListener("pointerleave", () => { stage.pointer = null; });
  stage.el.addEventListener("wheel", (event) => {
    event.preventDefault();
    stage.zoom(Math.exp(-Math.max(-120, Math.min(120, event.deltaY)) / 300));
  }, { passive: false });
  return stage;
};
