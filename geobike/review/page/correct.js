// Any photo of the survey: boxes struck out by a click, added by drawing.
"use strict";

geobike.made.correct = function (page) {
  const { el } = geobike;
  const { say } = page;
  const view = { photo: null, drawing: null };
  const text = el("input", { type: "search", id: "gb-find", autocomplete: "off", oninput: () => view.search() });
  const found = el("ul", { className: "gb-found" });
  const state = el("p", { className: "gb-state", role: "status" });
  const total = el("p", { className: "gb-where" });
  const file = el("p", { className: "gb-file" });
  const listed = el("ol", { className: "gb-boxes" });
  const own = el("input", { id: "gb-own", className: "gb-small-number", autocomplete: "off", maxLength: 11, onchange: () => view.count() });
  const kept = el("p", { className: "gb-state", role: "status" });
  const rounded = (box) => box.map((side) => Math.round(side * 10) / 10);
  const same = (one, other) => rounded(one).join() === rounded(other).join();

  const stage = geobike.stage(page, {
    onclick: (point) => view.strike(point),
    ondrag(from, to, ends) {
      if (!from) { view.drawing = null; stage.redraw(); return; }
      const clamp = (value, most) => Math.min(Math.max(value, 0), most);
      const [width, height] = stage.size;
      const across = [clamp(from[0], width), clamp(to[0], width)].sort((one, other) => one - other);
      const down = [clamp(from[1], height), clamp(to[1], height)].sort((one, other) => one - other);
      view.drawing = ends ? null : [across[0], down[0], across[1], down[1]];
      if (ends && across[1] - across[0] >= 4 && down[1] - down[0] >= 4) {
        view.added.push(rounded([across[0], down[0], across[1], down[1]]));
        view.undo.push("add");
        view.save();
      }
      stage.redraw();
    },
  });
  view.el = el("div", { className: "gb-view gb-correct" },
    el("div", { className: "gb-finder" },
      el("label", { for: "gb-find" }, say("find")), text, el("p", { className: "gb-soft" }, say("worst_first")), found),
    stage.el,
    el("aside", { className: "gb-panel", "aria-label": say("tab_correct") },
      total, state,
      el("p", {}, say("correct_how")),
      el("div", { className: "gb-aids" },
        el("button", { type: "button", onclick: () => view.back() }, say("undo"), el("kbd", {}, "U")),
        el("button", { type: "button", onclick: () => view.step(1) }, say("next_photo"), el("kbd", {}, "\u21b5"))),
      el("h2", {}, say("boxes")), listed,
      el("div", { className: "gb-field" }, el("label", { for: "gb-own" }, say("own_count")), own), kept,
      el("p", { className: "gb-soft" }, say("correct_use")), file));
  Object.assign(view, { added: [], struck: [], boxes: [], undo: [], list: [], at: -1, turn: 0 });

  // The detector's boxes that count; those that a person added in an earlier run are corrections.
  const counting = () => view.boxes.filter((box) => box.kept || box.dropped_by === "review")
    .filter((box) => !view.added.some((one) => same(one, box.box)));
  stage.redraw = () => {
    if (!stage.size) return;
    stage.marks.replaceChildren();
    for (const { box } of counting()) geobike.drawBox(stage, box, view.struck.some((one) => same(one, box)) ? "struck" : "kept");
    for (const box of view.added) geobike.drawBox(stage, box, "added");
    if (view.drawing) geobike.drawBox(stage, view.drawing, "added");
  };
  view.titles = () => {
    if (!view.photo) return;
    const boxes = counting();
    const struck = boxes.filter(({ box }) => view.struck.some((one) => same(one, box))).length;
    total.textContent = say("boxes_now", { n: boxes.length - struck + view.added.length });
    state.classList.toggle("gb-good", Boolean(struck || view.added.length));
    state.textContent = struck || view.added.length ? say("boxes_changed", { struck, added: view.added.length }) : say("boxes_unchanged");
    const row = (label, act, pressed) => el("li", {}, el("button", { type: "button", "aria-pressed": String(pressed), onclick: act }, label));
    listed.replaceChildren(
      ...boxes.map(({ box, score }, place) => {
        const out = view.struck.some((one) => same(one, box));
        return row(say(out ? "box_struck" : "box_found", { n: place + 1, score: Math.round(100 * score) }), () => view.toggle(box), out);
      }),
      ...view.added.map((box, place) => row(say("box_added", { n: boxes.length + place + 1 }), () => view.toggle(box), false)));
  };
  view.toggle = (box) => {
    const added = view.added.findIndex((one) => same(one, box));
    const struck = view.struck.findIndex((one) => same(one, box));
    if (added >= 0) view.added.splice(added, 1);
    else if (struck >= 0) view.struck.splice(struck, 1);
    else { view.struck.push(rounded(box)); view.undo.push("strike"); }
    view.save();
  };
  view.strike = ([x, y]) => {
    const size = ([left, top, right, bottom]) => (right - left) * (bottom - top);
    const hit = [...view.added, ...counting().map(({ box }) => box)]
      .filter(([left, top, right, bottom]) => left <= x && x <= right && top <= y && y <= bottom)
      .sort((one, other) => size(one) - size(other))[0];
    if (hit) view.toggle(hit);
  };
  view.back = () => {
    const last = view.undo.pop();
    if (last === "add") view.added.pop();
    if (last === "strike") view.struck.pop();
    if (last) view.save();
  };
  view.save = () => {
    if (!view.photo) return;
    stage.redraw();
    view.titles();
    view.list[view.at].corrected = view.added.length + view.struck.length > 0;
    page.save.put(`correct ${view.photo.n}`, "correct",
      { counter: page.counter, n: view.photo.n, strike: view.struck, add: view.added });
  };
  // Saves what was typed as the person's own count; false where it is no number.
  view.count = () => {
    const told = geobike.number(own.value);
    own.setAttribute("aria-invalid", String(told === null));
    kept.classList.toggle("gb-fault", told === null);
    kept.textContent = told === null ? say("no_number") : "";
    if (told === null) return false;
    if (!view.photo || told.text === view.said) return true;
    view.said = told.text;
    const [bicycles, bicycles_high = ""] = told.text.split("-");
    const { n } = view.photo;
    const fields = { counter: page.counter, n, bicycles, bicycles_high, ridden: "", remark: "", dots: [], confirmed: true };
    page.save.put(`count ${n}`, "count", fields, () => {
      if (view.photo?.n === n) kept.textContent = say("saved");
      page.reload();
    });
    return true;
  };
  view.open = async (at) => {
    const chosen = view.list[at];
    if (!view.count() || !chosen) return;
    view.at = at;
    const turn = ++view.turn;
    for (const [place, row] of [...found.children].entries()) {
      if (place === at) { row.firstChild.setAttribute("aria-current", "true"); row.scrollIntoView({ block: "nearest" }); }
      else row.firstChild.removeAttribute("aria-current");
    }
    // Until its boxes are here nothing can be corrected: it would be saved for the photo before.
    Object.assign(view, { photo: null, boxes: [], struck: [], added: [] });
    const shown = stage.show(`photo/${chosen.n}`, chosen.file);
    const told = await geobike.ask("boxes", { n: chosen.n });
    if (turn !== view.turn) return; // another was opened meanwhile
    const drawn = page.tasks.list.concat(...page.tasks.pages.map(({ photos }) => photos)).find(({ n }) => n === chosen.n);
    Object.assign(view, {
      photo: told, boxes: told.boxes, undo: [],
      struck: told.corrections.filter(({ action }) => action === "strike").map(({ box }) => box),
      added: told.corrections.filter(({ action }) => action === "add").map(({ box }) => box),
    });
    own.value = view.said = drawn ? geobike.typed(drawn) : "";
    own.disabled = Boolean(drawn && !drawn.own);
    file.textContent = told.file;
    view.titles();
    await shown;
    stage.redraw();
  };
  view.step = (by) => view.open(view.at + by);
  view.search = async () => {
    const wanted = text.value;
    const list = await geobike.ask("find", { text: wanted });
    if (text.value !== wanted) return false; // more was typed meanwhile, and is asked for by itself
    view.list = list;
    found.replaceChildren(...view.list.map((one, place) => el("li", {},
      el("button", { type: "button", onclick: () => view.open(place) },
        page.hides && one.detected === null ? el("i", {}) : el("img", { src: `small/${one.n}`, loading: "lazy", alt: "" }),
        el("span", {}, el("b", {}, one.file), el("small", {}, view.about(one)))))));
    if (!view.list.length) found.replaceChildren(el("li", { className: "gb-soft" }, say("none_found")));
    return true;
  };
  view.about = ({ detected, counted, corrected }) => [
    detected === null ? say("not_counted") : say("detected", { n: detected }),
    counted ? say("by_hand", { n: geobike.typed(counted) }) : null,
    corrected ? say("corrected") : null,
  ].filter(Boolean).join(" \u00b7 ");
  view.enter = async () => {
    await page.save.idle();
    if (await view.search()) await view.open(Math.max(0, view.at));
  };
  view.leave = () => { view.count(); };
  // Out of the field for finding, the first that was found; else the next photo.
  view.onward = async () => {
    if (document.activeElement !== text) return view.step(1);
    text.blur();
    return await view.search() ? view.open(0) : null;
  };
  view.keys = {
    Enter: () => view.onward(), ArrowRight: () => view.step(1), ArrowLeft: () => view.step(-1), u: () => view.back(),
    z: () => stage.toggle(), i: () => stage.zoom(1.5), o: () => stage.zoom(1 / 1.5), f: () => text.focus(),
  };
  return view;
};
