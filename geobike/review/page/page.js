// Starts the page: asks what there is to do and who counts, builds the views and saves.
// Text is set only through textContent, so markup in a name never runs.
"use strict";
const geobike = {};

geobike.el = function (tag, properties, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties || {})) {
    if (name.includes("-") || name === "role" || name === "for") made.setAttribute(name, value);
    else made[name] = value;
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
};

// Asks the program; an error is one line that says what to do.
geobike.ask = async function (path, fields) {
  const given = fields === undefined ? {} : { method: "POST", body: fields instanceof Blob ? fields : JSON.stringify(fields) };
  const answer = await fetch(path, given).catch(() => { throw new geobike.Gone(); });
  const told = await answer.json().catch(() => ({ error: `${answer.status}` }));
  if (!answer.ok) throw new Error(told.error);
  return told;
};

geobike.Gone = class extends Error {};

geobike.speech = function (words) {
  const plural = new Intl.PluralRules(words.language);
  const format = new Intl.NumberFormat(words.language, { maximumFractionDigits: 1 });
  return (key, given = {}) => {
    let text = words[key];
    if (typeof text !== "string") text = text[plural.select(given.n)] || text.other;
    return text.replace(/\{(\w+)\}/g, (_, name) =>
      typeof given[name] === "number" ? format.format(given[name]) : String(given[name] ?? ""));
  };
};

// Saves one thing after the other, of each the newest; what fails is tried again.
geobike.saver = function (page) {
  const waiting = new Map();
  let running = null;
  const run = async () => {
    while (waiting.size) {
      const [key, [path, fields, then]] = waiting.entries().next().value;
      waiting.delete(key);
      try {
        const told = await geobike.ask(path, fields);
        page.saved(null);
        if (page.tasks && told?.seconds_left !== undefined) page.tasks.seconds_left = told.seconds_left;
        if (then) then(told);
        if (!waiting.size) page.view?.titles?.();
      } catch (error) {
        if (!(error instanceof geobike.Gone)) { page.saved(error.message); continue; }
        if (!waiting.has(key)) waiting.set(key, [path, fields, then]);
        page.saved(page.say("gone"));
        await new Promise((done) => setTimeout(done, 1500));
      }
    }
    running = null;
  };
  return {
    put(key, path, fields, then) {
      const before = waiting.get(key);
      if (before) fields.seconds = (fields.seconds || 0) + (before[1].seconds || 0);
      waiting.set(key, [path, fields, then]);
      page.root.dataset.saving = "yes";
      running = running || run().finally(() => { page.root.dataset.saving = "no"; });
    },
    // Resolves when all is saved.
    async idle() { while (running) await running; },
  };
};

// Seconds since the last time that this was asked, while the page was looked at.
geobike.clock = function () {
  let last = performance.now();
  document.addEventListener("visibilitychange", () => { last = performance.now(); });
  return () => {
    const now = performance.now();
    const passed = document.hidden ? 0 : Math.min((now - last) / 1000, 300);
    last = now;
    return passed;
  };
};

// Reads 12, 40-55 or nothing; null for what is none of them.
geobike.number = function (text) {
  const plain = text.trim();
  if (plain === "" || plain === "?") return { text: plain };
  const found = /^(\d{1,4})(?:\s*[-\u2010-\u2015]\s*(\d{1,4}))?$/.exec(plain);
  if (!found || (found[2] !== undefined && Number(found[2]) < Number(found[1]))) return null;
  return { text: found[2] === undefined ? found[1] : `${found[1]}-${found[2]}`, least: Number(found[1]) };
};

// What was said of a photo, as it is typed.
geobike.typed = (item) => item.bicycles + (item.bicycles_high ? `-${item.bicycles_high}` : "");

geobike.start = async function () {
  const told = await geobike.ask("state");
  const page = {
    ...told,
    say: geobike.speech(told.words),
    root: document.documentElement,
    views: {},
    clock: geobike.clock(),
  };
  page.root.lang = told.words.language;
  page.save = geobike.saver(page);
  page.counter = told.counter || sessionStorage.getItem("counter");
  document.title = page.say("title");
  geobike.frame(page);
  window.addEventListener("unhandledrejection", ({ reason }) =>
    page.saved(reason instanceof geobike.Gone ? page.say("gone") : reason.message));
  if (page.survey !== null) {
    page.counter = page.counter || (await geobike.askName(page));
    await page.reload();
  }
  page.begin();
  performance.mark("geobike-drawn");
};

// The header with its tabs, the place of the view, and the line that says what went wrong.
geobike.frame = function (page) {
  const { say } = page;
  const { el } = geobike;
  const kinds = [
    ...(page.survey === null ? [] : ["list", "sheets", "people", "correct"]),
    ...(page.try ? ["try"] : []),
  ];
  const tabs = new Map(kinds.map((kind) => [kind, el("button", { type: "button", onclick: () => page.show(kind) })]));
  const trouble = el("p", { className: "gb-trouble", role: "alert", hidden: true });
  const who = el("button", { type: "button", className: "gb-who", hidden: true, onclick: () => page.rename() });
  const place = el("main", { className: "gb-place", tabIndex: -1 });
  const theme = geobike.theme(page);
  page.help = geobike.help(page);
  document.body.append(
    el("header", { className: "gb-header" },
      el("h1", {}, page.survey === null ? say("title_try") : say("title"), el("span", {}, page.survey || "")),
      el("nav", { "aria-label": say("what") }, ...tabs.values()),
      el("div", { className: "gb-tools" }, page.survey === null ? null : who,
        el("button", { type: "button", onclick: () => page.help.showModal() }, say("keys")), theme)),
    trouble, place, page.help);

  page.saved = (fault) => {
    trouble.hidden = fault === null;
    trouble.textContent = fault || "";
  };
  page.titles = () => {
    const { tasks } = page;
    who.hidden = !page.counter;
    who.textContent = say("who", { name: page.counter || "" });
    for (const [kind, tab] of tabs) {
      const left = kind === "list" ? tasks?.list.filter((item) => !geobike.isDone(item)).length
        : kind === "sheets" ? tasks?.pages.filter(({ done }) => !done).length
          : kind === "people" ? tasks?.differing : 0;
      tab.replaceChildren(say(`tab_${kind}`), ...(left ? [el("b", {}, String(left))] : []));
    }
  };
  page.show = async (kind) => {
    page.root.dataset.view = "";
    if (page.view) await page.view.leave?.();
    page.kind = kind;
    for (const [name, tab] of tabs) {
      if (name === kind) tab.setAttribute("aria-current", "page");
      else tab.removeAttribute("aria-current");
    }
    page.view = page.views[kind] = page.views[kind] || geobike.made[kind](page);
    place.replaceChildren(page.view.el);
    page.titles();
    await page.view.enter?.();
    if (page.kind === kind) page.root.dataset.view = kind; // what it asks the program for is there
  };
  page.reload = async () => {
    page.tasks = await geobike.ask("tasks", { counter: page.counter });
    page.views = page.view ? { [page.kind]: page.view } : {}; // the others are of what was before
    page.titles();
  };
  page.begin = () => {
    const { tasks } = page;
    const some = tasks && tasks.list.every(geobike.isDone) && tasks.pages.some(({ done }) => !done);
    return page.show(page.survey === null ? "try" : some ? "sheets" : "list");
  };
  page.rename = async () => {
    await page.view?.leave?.();
    await page.save.idle();
    page.counter = await geobike.askName(page, true);
    page.views = {};
    page.view = null;
    await page.reload();
    await page.begin();
  };
};

geobike.made = {};
geobike.isDone = (item) => item.confirmed && item.bicycles !== "";

geobike.minutes = (page) => {
  const left = Math.ceil((page.tasks?.seconds_left || 0) / 60);
  return left ? page.say("minutes", { n: left }) : page.say("all_done");
};

// Asks who counts; offers those who have before.
geobike.askName = function (page, canCancel = false) {
  const { el } = geobike;
  const { say } = page;
  return new Promise((done) => {
    const field = el("input", { id: "gb-name", maxLength: 60, autocomplete: "off", required: true });
    const known = page.names.map((name) =>
      el("button", { type: "button", onclick: () => finish(name) }, name));
    const asked = el("dialog", { className: "gb-dialog", "aria-labelledby": "gb-ask" },
      el("form", { onsubmit: (event) => { event.preventDefault(); if (field.value.trim()) finish(field.value.trim()); } },
        el("h2", { id: "gb-ask" }, say("ask_name")),
        el("p", {}, say("ask_why")),
        known.length ? el("p", { className: "gb-names" }, ...known) : null,
        el("label", { for: "gb-name" }, say("name")), field,
        el("button", { className: "gb-main" }, say("begin"))));
    const finish = (name) => {
      sessionStorage.setItem("counter", name);
      if (!page.names.includes(name)) page.names.push(name);
      asked.close();
      asked.remove();
      done(name);
    };
    asked.addEventListener("cancel", (event) => {
      event.preventDefault();
      if (canCancel) finish(page.counter);
    });
    document.body.append(asked);
    asked.showModal();
    field.focus();
  });
};

// The rule that everybody counts by, on every view.
geobike.rule = (page) => geobike.el("p", { className: "gb-rule" }, page.say("rule"));

// Dark as the reader's system is, until the button says otherwise.
geobike.theme = function (page) {
  const system = matchMedia("(prefers-color-scheme: dark)");
  const button = geobike.el("button", { type: "button" });
  const set = (dark) => {
    page.root.dataset.theme = dark ? "dark" : "light";
    button.textContent = page.say(dark ? "light" : "dark");
  };
  button.onclick = () => set(page.root.dataset.theme !== "dark");
  system.addEventListener("change", ({ matches }) => set(matches));
  set(system.matches);
  return button;
};

document.addEventListener("DOMContentLoaded", () => geobike.start());
