// One photo at a time: a number typed, or dots clicked.
"use strict";

geobike.REASONS = ["dark", "blurred", "blocked", "far", "crowded"];

geobike.made.list = function (page) {
  const { el } = geobike;
  const { say } = page;
  const items = page.tasks.list;
  const view = { index: Math.max(0, items.findIndex((item) => !geobike.isDone(item))) };
  const card = geobike.card(page, {
    onnext: () => view.next(),
    onback: () => view.go(view.index - 1),
  });
  const bar = el("progress", { max: Math.max(1, items.length), value: 0, "aria-label": say("progress") });
  const where = el("p", { className: "gb-where" });
  const left = el("p", { className: "gb-soft" });
  const done = el("p", { className: "gb-done", hidden: true, role: "status" });
  const panel = el("aside", { className: "gb-panel", "aria-label": say("your_count") },
    el("div", { className: "gb-progress" }, where, bar, left), done, ...card.parts, geobike.rule(page),
    page.hides ? el("p", { className: "gb-soft" }, say("pixelated")) : null);
  view.el = items.length
    ? el("div", { className: "gb-view gb-list" }, card.stage.el, panel)
    : el("div", { className: "gb-empty" }, el("h2", {}, say("nothing_drawn")), el("p", {}, say("draw_first")));

  view.titles = () => {
    const counted = items.filter(geobike.isDone).length;
    where.textContent = say("photo_of", { i: view.index + 1, n: items.length });
    bar.value = counted;
    left.textContent = `${say("counted", { n: counted, all: items.length })} \u00b7 ${geobike.minutes(page)}`;
    done.hidden = counted < items.length;
    done.textContent = page.tasks.pages.some((sheet) => !sheet.done) ? say("list_done_sheets") : say("list_done");
    page.titles();
  };
  view.go = (index) => {
    if (index < 0 || index >= items.length) { card.keep(true); return view.titles(); }
    card.keep(true);
    view.index = index;
    view.ended = false;
    card.open(items[index], say("photo_of", { i: index + 1, n: items.length }));
    view.titles();
    // The next one is fetched meanwhile, so that it shows at once.
    if (items[index + 1]) new Image().src = `photo/${items[index + 1].n}`;
  };
  // Onward to the next photo that is not counted; from the last, to one that was left out.
  view.next = () => {
    if (!card.keep(true)) return;
    const after = view.index + 1 < items.length ? view.index + 1 : items.findIndex((item) => !geobike.isDone(item));
    if (after >= 0) { view.go(after); return; }
    // Who types on has not seen that this was the last: its number stays.
    view.ended = true;
    document.activeElement.blur();
    view.titles();
  };
  view.enter = () => { if (items.length) view.go(view.index); };
  view.leave = () => { card.keep(true); };
  view.onsaved = view.titles;
  card.onchange = view.titles;
  view.keys = { ...card.keys, Enter: () => view.next(), ArrowRight: () => view.next(), ArrowLeft: () => view.go(view.index - 1) };
  view.type = (sign) => { if (!view.ended) card.type(sign); };
  return view;
};

// The photo with its number, dots, boxes, reasons and remark: all that is said of one photo.
geobike.card = function (page, { onnext, onback }) {
  const { el } = geobike;
  const { say } = page;
  const card = { item: null, showsBoxes: false, ridden: false, boxes: null, moved: false, onchange() {} };
  const number = el("input", { id: "gb-number", className: "gb-number", inputMode: "text", autocomplete: "off", maxLength: 11, "aria-describedby": "gb-state" });
  const ridden = el("input", { id: "gb-ridden", className: "gb-small-number", inputMode: "numeric", autocomplete: "off", maxLength: 4 });
  const remark = el("input", { id: "gb-remark", autocomplete: "off", maxLength: 200 });
  const state = el("p", { id: "gb-state", className: "gb-state", role: "status" });
  const file = el("p", { className: "gb-file" });
  const radios = geobike.REASONS.map((reason, place) => {
    const radio = el("input", { type: "radio", name: "gb-reason", value: reason, onclick: () => card.cannot(reason) });
    return el("label", { className: "gb-choice" }, radio, ` ${say(`reason_${reason}`)}`, el("kbd", {}, `X ${place + 1}`));
  });
  const reasons = el("details", { className: "gb-reasons" },
    el("summary", {}, say("cannot"), el("kbd", {}, "X")),
    el("fieldset", {}, el("legend", {}, say("why")), ...radios));
  const boxButton = el("button", { type: "button", "aria-pressed": "false", onclick: () => card.keys.b() }, say("boxes"), el("kbd", {}, "B"));
  const riddenButton = el("button", { type: "button", "aria-pressed": "false", onclick: () => card.keys.r() }, say("next_ridden"), el("kbd", {}, "R"));
  const undo = el("button", { type: "button", onclick: () => card.keys.u() }, say("undo"), el("kbd", {}, "U"));

  card.stage = geobike.stage(page, {
    onclick(point, event) {
      if (!card.item) return;
      const { dots } = card.item;
      const hit = geobike.dotAt(card.stage, dots, point, event);
      const before = dots.length;
      if (hit >= 0) dots.splice(hit, 1);
      else dots.push([...point.map((side) => Math.round(side * 10) / 10), card.ridden]);
      card.follow(before);
    },
  });
  card.stage.redraw = () => card.draw();
  card.parts = [
    el("div", { className: "gb-count" },
      el("div", {}, el("label", { for: "gb-number" }, say("bicycles")), number),
      el("div", {}, el("label", { for: "gb-ridden" }, say("of_which_ridden")), ridden)),
    state,
    el("div", { className: "gb-steps" },
      el("button", { type: "button", onclick: onback }, `\u2190 ${say("back")}`),
      el("button", { type: "button", className: "gb-main", onclick: onnext }, `${say("next")} \u2192`, el("kbd", {}, "\u21b5"))),
    el("div", { className: "gb-aids" }, undo, riddenButton, boxButton),
    reasons,
    el("div", { className: "gb-field" }, el("label", { for: "gb-remark" }, say("remark")), remark),
    file,
  ];

  card.draw = () => {
    const { stage, item } = card;
    if (!stage.size || !item) return;
    stage.marks.replaceChildren();
    if (card.showsBoxes && card.boxes) {
      for (const found of card.boxes) if (found.kept) geobike.drawBox(stage, found.box, "kept");
    }
    item.dots.forEach((dot, place) => geobike.drawDot(stage, dot, place + 1));
  };
  card.open = (item, alt) => {
    Object.assign(card, { item, boxes: null, showsBoxes: false, ridden: false, moved: false, again: item.confirmed });
    riddenButton.setAttribute("aria-pressed", "false");
    page.clock();
    number.value = item.bicycles === "?" ? "" : geobike.typed(item);
    ridden.value = item.ridden;
    remark.value = item.bicycles === "?" ? "" : item.remark;
    file.textContent = item.file;
    const reason = item.bicycles === "?" ? item.remark : null;
    for (const radio of reasons.querySelectorAll("input")) radio.checked = reason === say(`reason_${radio.value}`);
    reasons.open = reason !== null;
    boxButton.setAttribute("aria-pressed", "false");
    if ([ridden, remark].includes(document.activeElement)) number.focus(); // what is typed next is its number
    if (card.again && document.activeElement === number) number.select();
    card.say();
    return card.stage.show(`photo/${item.n}`, alt).then(() => card.draw());
  };
  // The number follows the dots, unless another was typed.
  card.follow = (before) => {
    const { item } = card;
    const typed = number.value.trim();
    if (typed === "" || typed === String(before)) {
      number.value = item.dots.length ? String(item.dots.length) : "";
    }
    const rides = item.dots.filter(([, , rides]) => rides).length;
    ridden.value = rides ? String(rides) : "";
    card.moved = true;
    card.draw();
    card.keep(false);
    card.onchange();
  };
  card.say = () => {
    const { item } = card;
    const told = geobike.number(number.value);
    const dots = item.dots.length;
    state.classList.toggle("gb-fault", told === null);
    state.classList.toggle("gb-good", told !== null && item.confirmed);
    if (told === null) state.textContent = say("no_number");
    else if (item.bicycles === "?") state.textContent = say("cannot_saved");
    else if (told.text === "") state.textContent = dots ? say("dots", { n: dots }) : say("type_or_click");
    else if (dots && told.text !== String(dots)) state.textContent = say("dots_differ", { n: dots });
    else state.textContent = item.confirmed ? say("saved") : say("press_enter");
  };
  // Saves what is typed; with `confirmed`, as the person's count. False where it is no number.
  card.keep = (confirmed) => {
    const { item } = card;
    if (!item) return true;
    const told = geobike.number(number.value);
    const rides = ridden.value.trim();
    card.say();
    if (told === null) return false;
    const unknown = told.text === "" && item.bicycles === "?";
    if (!/^\d*$/.test(rides) || (!unknown && told.text !== "" && Number(rides) > told.least)) {
      state.classList.add("gb-fault");
      state.textContent = say("too_many_ridden");
      return false;
    }
    const [bicycles, bicycles_high = ""] = told.text.split("-");
    const typed = unknown ? {} : { bicycles, bicycles_high, ridden: rides, remark: remark.value.trim() };
    const changed = card.moved || Object.entries(typed).some(([name, value]) => item[name] !== value);
    const before = item.confirmed;
    Object.assign(item, typed);
    item.confirmed = item.bicycles !== "" && (confirmed || (before && !changed));
    if (changed || item.confirmed !== before) card.send(page.clock());
    card.moved = false;
    card.say();
    return true;
  };
  card.send = (seconds) => {
    const { item } = card;
    const { n, bicycles, bicycles_high, ridden: rides, remark: text, dots, confirmed } = item;
    page.save.put(`count ${n}`, "count",
      { counter: page.counter, n, bicycles, bicycles_high, ridden: rides, remark: text, dots, confirmed, seconds },
      () => card.onchange());
  };
  card.cannot = (reason) => {
    number.value = "";
    ridden.value = "";
    Object.assign(card.item, { bicycles: "?", bicycles_high: "", ridden: "", remark: say(`reason_${reason}`), confirmed: true });
    for (const radio of reasons.querySelectorAll("input")) radio.checked = radio.value === reason;
    card.send(page.clock());
    card.say();
  };
  const typing = () => {
    card.again = false;
    if (number.value.trim() && card.item.bicycles === "?") {
      card.item.bicycles = "";
      card.item.remark = "";
      for (const radio of reasons.querySelectorAll("input")) radio.checked = false;
    }
    card.keep(false);
    card.onchange();
  };
  for (const field of [number, ridden, remark]) field.addEventListener("input", typing);

  // A digit typed anywhere is of the number.
  card.type = (sign) => {
    if (reasons.open && reasons.contains(document.activeElement) && /[1-5]/.test(sign)) {
      card.cannot(geobike.REASONS[Number(sign) - 1]);
      document.activeElement.blur();
      return;
    }
    number.focus();
    number.value = (card.again ? "" : number.value) + sign; // a photo that was counted is counted anew
    typing();
  };
  card.keys = {
    async b() {
      card.showsBoxes = !card.showsBoxes;
      boxButton.setAttribute("aria-pressed", String(card.showsBoxes));
      if (card.showsBoxes && !card.boxes) {
        const { item } = card;
        const told = await geobike.ask("boxes", { n: item.n }).catch((error) => page.saved(error.message));
        if (told && card.item === item) card.boxes = told.boxes;
      }
      card.draw();
    },
    r() {
      card.ridden = !card.ridden;
      riddenButton.setAttribute("aria-pressed", String(card.ridden));
    },
    u() {
      const before = card.item.dots.length;
      if (before) { card.item.dots.pop(); card.follow(before); }
    },
    x() {
      reasons.open = !reasons.open;
      if (reasons.open) reasons.querySelector("input").focus();
      else document.activeElement.blur();
    },
    m() { remark.focus(); },
    z: () => card.stage.toggle(),
    i: () => card.stage.zoom(1.5),
    o: () => card.stage.zoom(1 / 1.5),
  };
  return card;
};
