// A photo dropped here: what the detector finds on it, and what would count at which threshold.
"use strict";

geobike.made.try = function (page) {
  const { el } = geobike;
  const { say } = page;
  const view = { told: null };
  const file = el("input", { type: "file", id: "gb-file", accept: "image/*,.heic,.heif,.avif,.tif,.tiff", onchange: () => view.take(file.files[0]) });
  const state = el("p", { className: "gb-state", role: "status" });
  const slider = el("input", { type: "range", id: "gb-threshold", min: 0.05, max: 0.95, step: 0.01, value: page.threshold, oninput: () => view.titles() });
  const shown = el("output", { for: "gb-threshold" });
  const total = el("p", { className: "gb-where" });
  const rows = el("tbody", {});
  const only = el("input", { type: "checkbox", checked: true, onchange: () => view.titles() });
  const stage = geobike.stage(page, {});
  const drop = el("div", { className: "gb-drop" }, el("h2", {}, say("drop")), el("p", {}, say("drop_how")),
    el("label", { className: "gb-main gb-pick", for: "gb-file" }, say("choose")), file,
    el("p", { className: "gb-soft" }, page.host ? say("sent", { host: page.host }) : say("not_sent")));
  stage.el.append(drop);
  const again = el("button", { type: "button", className: "gb-again", hidden: true, onclick: () => file.click() }, say("another"));
  const label = (page.labels[0] || "bicycle").toLowerCase();
  const counts = (one) => !one.ridden && one.score > Number(slider.value);
  const isWanted = (one) => (page.labels.length ? page.labels : ["bicycle"]).map((name) => name.toLowerCase()).includes(one.label.toLowerCase());
  const colours = new Map();
  view.el = el("div", { className: "gb-view gb-list" }, stage.el,
    el("aside", { className: "gb-panel", "aria-label": say("tab_try") },
      total, state,
      el("div", { className: "gb-field" }, el("label", { for: "gb-threshold" }, say("threshold")), slider, shown),
      el("label", { className: "gb-choice" }, only, ` ${say("only", { label })}`),
      el("p", { className: "gb-soft" }, say("try_how")),
      el("table", { className: "gb-table" },
        el("thead", {}, el("tr", {}, ...["label", "above", "best"].map((key) => el("th", { scope: "col" }, say(key))))), rows),
      again));

  const colour = (name) => {
    if (!colours.has(name)) colours.set(name, colours.size % 6);
    return colours.get(name);
  };
  stage.redraw = () => {
    if (!view.told || !stage.size) return;
    stage.marks.replaceChildren();
    const least = Number(slider.value);
    for (const one of view.told.boxes) {
      if (one.score <= least || (only.checked && !isWanted(one))) continue;
      const rider = one.ridden ? `, ${say("ridden_box")}` : "";
      geobike.drawBox(stage, one.box, `c${colour(one.label)}`, `${one.label} ${one.score.toFixed(2)}${rider}`);
    }
  };
  view.titles = () => {
    const least = Number(slider.value);
    shown.textContent = least.toFixed(2);
    if (!view.told) return;
    const by = new Map();
    for (const one of view.told.boxes) by.set(one.label, [...(by.get(one.label) || []), one]);
    const above = (boxes) => boxes.filter(counts).length;
    total.textContent = say("found", { n: above(view.told.boxes.filter(isWanted)), label });
    rows.replaceChildren(...[...by].sort((one, other) => above(other[1]) - above(one[1])).map(([name, boxes]) => el("tr", {},
      el("th", { scope: "row" }, name), el("td", {}, String(above(boxes))),
      el("td", {}, Math.max(...boxes.map(({ score }) => score)).toFixed(2)))));
    stage.redraw();
  };
  view.take = async (chosen) => {
    if (!chosen) return;
    file.value = "";
    drop.hidden = true;
    again.hidden = false;
    view.told = null;
    state.classList.remove("gb-fault");
    state.textContent = say("detecting", { name: chosen.name });
    try {
      const told = await geobike.ask("try", chosen);
      await stage.show(`tried/${told.id}`, chosen.name);
      view.told = told;
      state.textContent = say("tried", { name: chosen.name, model: told.model });
      view.titles();
    } catch (error) {
      state.classList.add("gb-fault");
      state.textContent = error instanceof geobike.Gone ? say("gone") : error.message;
      drop.hidden = false;
    }
  };
  for (const kind of ["dragenter", "dragover"]) {
    view.el.addEventListener(kind, (event) => { event.preventDefault(); stage.el.classList.add("gb-over"); });
  }
  view.el.addEventListener("dragleave", () => stage.el.classList.remove("gb-over"));
  view.el.addEventListener("drop", (event) => {
    event.preventDefault();
    stage.el.classList.remove("gb-over");
    view.take(event.dataTransfer.files[0]);
  });
  view.titles();
  view.keys = { z: () => stage.toggle(), i: () => stage.zoom(1.5), o: () => stage.zoom(1 / 1.5) };
  return view;
};

// A file dropped elsewhere must not take the place of the page.
for (const kind of ["dragover", "drop"]) window.addEventListener(kind, (event) => event.preventDefault());
