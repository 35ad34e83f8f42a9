// Contact sheets: a page of small photos, and a number only where bicycles show.
"use strict";

geobike.made.sheets = function (page) {
  const { el } = geobike;
  const { say } = page;
  const { pages } = page.tasks;
  const view = { at: Math.max(0, pages.findIndex(({ done }) => !done)), photo: 0 };
  const choices = el("nav", { className: "gb-pages", "aria-label": say("pages") });
  const grid = el("div", { className: "gb-grid" });
  const done = el("input", { type: "checkbox", id: "gb-page-done", onchange: () => view.finish(done.checked) });
  const left = el("p", { className: "gb-soft" });
  const state = el("p", { className: "gb-state", role: "status" });
  const large = geobike.large(page, { step: (by) => view.look(view.photo + by), ridden: (text) => rides(view.photo, text) });
  const foot = el("div", { className: "gb-foot" },
    el("label", { className: "gb-finish", for: "gb-page-done" }, done, ` ${say("page_done")}`, el("kbd", {}, "P")),
    state, left);
  view.el = pages.length
    ? el("div", { className: "gb-view gb-sheets" },
      el("div", { className: "gb-sheet-head" }, choices, geobike.rule(page), el("p", { className: "gb-soft" }, say("sheet_how"))),
      grid, foot, large.el)
    : el("div", { className: "gb-empty" }, el("h2", {}, say("no_sheets")), el("p", {}, say("draw_first")));
  let fields = [];

  const sheet = () => pages[view.at];
  const send = (item) => {
    const { n, bicycles, bicycles_high, ridden, remark, dots, confirmed } = item;
    page.save.put(`count ${n}`, "count",
      { counter: page.counter, n, bicycles, bicycles_high, ridden, remark, dots, confirmed });
  };
  const keep = (place, confirmed) => {
    const item = sheet().photos[place];
    const told = geobike.number(fields[place].value);
    fields[place].setAttribute("aria-invalid", String(told === null));
    if (told === null) return false;
    const [bicycles, bicycles_high = ""] = told.text.split("-");
    const changed = item.bicycles !== bicycles || item.bicycles_high !== bicycles_high;
    const now = bicycles !== "" && (confirmed || (item.confirmed && !changed));
    if (changed || now !== item.confirmed) {
      if (changed && told.least !== undefined && Number(item.ridden) > told.least) item.ridden = "";
      Object.assign(item, { bicycles, bicycles_high, confirmed: now });
      if (bicycles === "") item.ridden = item.remark = "";
      send(item);
    }
    fields[place].closest("figure").classList.toggle("gb-some", bicycles !== "" && bicycles !== "0");
    return true;
  };
  const rides = (place, text) => {
    const item = sheet().photos[place];
    const told = geobike.number(fields[place].value);
    if (!/^\d*$/.test(text) || told === null || Number(text) > (told.least ?? 0)) return false;
    if (item.ridden !== text) { item.ridden = text; send(item); }
    return true;
  };
  const keepAll = () => fields.map((_, place) => keep(place, true)).every(Boolean);
  view.titles = () => {
    const faults = fields.filter((field) => field.getAttribute("aria-invalid") === "true").length;
    state.classList.toggle("gb-fault", faults > 0);
    state.textContent = faults ? say("no_number") : sheet().done ? say("page_saved") : say("page_open");
    left.textContent = geobike.minutes(page);
    done.checked = sheet().done;
    choices.replaceChildren(...pages.map((one, place) =>
      el("button", { type: "button", onclick: () => view.turn(place), ...(place === view.at ? { "aria-current": "true" } : {}) },
        say("page", { n: one.page }), one.done ? el("span", { "aria-label": say("done") }, " \u2713") : null)));
    page.titles();
  };
  view.turn = (place) => {
    if (fields.length) keepAll();
    view.at = place;
    page.clock();
    fields = sheet().photos.map((item, index) => el("input", {
      className: "gb-small-number", autocomplete: "off", maxLength: 11, inputMode: "text",
      value: geobike.typed(item), "aria-label": say("bicycles_on", { n: index + 1 }),
      oninput: () => { keep(index, false); view.titles(); },
      onchange: () => keep(index, true),
      onfocus: () => { view.photo = index; },
    }));
    grid.replaceChildren(...sheet().photos.map((item, index) => el("figure", {},
      el("button", { type: "button", className: "gb-thumb", title: say("larger"), onclick: () => view.look(index) },
        el("img", { src: `small/${item.n}`, loading: "lazy", alt: say("small_photo", { n: index + 1 }) })),
      el("figcaption", {}, el("span", {}, String(index + 1)), fields[index]))));
    sheet().photos.forEach((item, index) =>
      fields[index].closest("figure").classList.toggle("gb-some", item.bicycles !== "" && item.bicycles !== "0"));
    grid.scrollTop = 0;
    fields[0].focus({ preventScroll: true });
    view.titles();
  };
  view.finish = (checked) => {
    if (!keepAll()) { done.checked = false; view.titles(); return; }
    page.save.put(`finish ${sheet().page}`, "finish",
      { counter: page.counter, page: sheet().page, done: checked, seconds: page.clock() },
      async () => {
        await page.reload();
        Object.assign(pages, page.tasks.pages);
        view.titles();
      });
    sheet().done = checked;
    view.titles();
  };
  view.look = (index) => {
    if (index < 0 || index >= fields.length) return large.close();
    view.photo = index;
    large.open(sheet().photos[index], fields[index], say("small_photo", { n: index + 1 }));
  };
  const move = (by) => {
    const to = view.photo + by;
    if (fields[to]) { fields[to].focus(); fields[to].select(); fields[to].scrollIntoView({ block: "nearest" }); }
    else if (by === 1) { view.photo = fields.length; document.activeElement.blur(); } // what is typed now is of no photo
  };
  const columns = () => getComputedStyle(grid).gridTemplateColumns.split(" ").length;
  view.enter = () => { if (pages.length) view.turn(view.at); };
  view.leave = () => { if (pages.length) keepAll(); };
  view.keys = pages.length ? {
    Enter: () => move(1), ArrowRight: () => move(1), ArrowLeft: () => move(-1),
    ArrowDown: () => move(columns()), ArrowUp: () => move(-columns()),
    " ": () => view.look(view.photo), p: () => view.finish(!done.checked),
  } : {};
  view.type = (sign) => {
    const field = fields[view.photo];
    if (!field) return;
    field.focus();
    field.value += sign;
    field.dispatchEvent(new Event("input"));
  };
  return view;
};

// One photo of a sheet, as large as the window; its number can be typed here too.
geobike.large = function (page, { step, ridden }) {
  const { el } = geobike;
  const { say } = page;
  let source = null;
  const field = el("input", { id: "gb-large", className: "gb-number", autocomplete: "off", maxLength: 11, oninput: () => {
    source.value = field.value;
    source.dispatchEvent(new Event("input"));
  } });
  const some = el("input", { id: "gb-large-ridden", className: "gb-small-number", autocomplete: "off", maxLength: 4, inputMode: "numeric",
    oninput: () => some.setAttribute("aria-invalid", String(!ridden(some.value.trim()))) });
  const stage = geobike.stage(page, {});
  const dialog = el("dialog", { className: "gb-large", "aria-label": say("larger") },
    stage.el,
    el("div", { className: "gb-large-foot" },
      el("button", { type: "button", onclick: () => step(-1), "aria-label": say("back") }, "\u2190"),
      el("label", { for: "gb-large" }, say("bicycles")), field,
      el("label", { for: "gb-large-ridden" }, say("of_which_ridden")), some,
      el("button", { type: "button", onclick: () => step(1), "aria-label": say("next") }, "\u2192"),
      el("button", { type: "button", className: "gb-main", onclick: () => dialog.close() }, say("close"), el("kbd", {}, "Esc"))));
  dialog.addEventListener("close", () => {
    source?.dispatchEvent(new Event("change"));
    source?.focus();
    source?.select();
  });
  dialog.addEventListener("keydown", (event) => {
    const acts = { Enter: () => step(1), ArrowRight: () => step(1), ArrowLeft: () => step(-1), z: stage.toggle, i: () => stage.zoom(1.5), o: () => stage.zoom(1 / 1.5) };
    if (event.target.tagName === "BUTTON" && event.key === "Enter") return;
    if (acts[event.key]) { event.preventDefault(); acts[event.key](); }
  });
  return {
    el: dialog,
    open(item, of, alt) {
      source?.dispatchEvent(new Event("change"));
      source = of;
      field.value = of.value;
      some.value = item.ridden;
      some.removeAttribute("aria-invalid");
      if (!dialog.open) dialog.showModal();
      stage.show(`photo/${item.n}`, alt);
      field.focus();
    },
    close: () => dialog.close(),
  };
};
