// The panel beside the map: the table of areas, or what the reader chose.
"use strict";

geobike.panel = function (page) {
  const { el } = geobike;
  const told = el("p", { className: "gb-told", role: "status" });
  page.tell = (key) => (told.textContent = key && page.say(key));
  page.onChange((choice) => geobike.concerns(choice, "chosen", "period") && page.tell(""));
  const home = el(
    "div",
    { className: "gb-home-panel" },
    geobike.views(page),
    el(
      "div",
      { className: "gb-of-areas" },
      el("div", { className: "gb-controls" }, geobike.metrics(page), geobike.period(page), geobike.apartNote(page)),
      ...geobike.table(page),
    ),
    geobike.parking(page),
    geobike.notes(page),
  );
  page.onChange(({ view }) => view && home.classList.toggle("gb-at-racks", view === "racks"));
  const detail = el("div", { className: "gb-detail", hidden: true });
  const panel = el(
    "aside",
    { className: "gb-panel", id: "gb-panel", tabIndex: -1, "aria-label": page.say("region_table") },
    told,
    home,
    detail,
  );
  geobike.choosing(page, { panel, home, detail });
  return panel;
};

// Choosing opens the panel and remembers where the map was; closing goes back there.
geobike.choosing = function (page, { panel, home, detail }) {
  const { map } = page;
  let before = null;
  page.choose = function (chosen, { zoom = false } = {}) {
    if (!page.chosen) {
      before = { centre: map.getCenter(), zoom: map.getZoom(), focus: document.activeElement, scroll: panel.scrollTop };
    }
    page.change({ chosen });
    if (zoom) geobike.zoomTo(page, chosen);
    detail.querySelector("h2").focus({ preventScroll: true });
    panel.scrollTop = 0;
    if (!geobike.wide()) panel.scrollIntoView({ block: "start" });
  };
  page.close = function ({ stay = false } = {}) {
    page.change({ chosen: null });
    if (before && !stay) map.setView(before.centre, before.zoom, { animate: false });
    if (before) panel.scrollTop = before.scroll;
    if (before?.focus?.isConnected) before.focus.focus({ preventScroll: true });
    else panel.focus({ preventScroll: true });
    before = null;
  };
  page.onChange((choice) => {
    if (!geobike.concerns(choice, "chosen", "period", "metric", "details")) return;
    home.hidden = !!page.chosen;
    detail.hidden = !page.chosen;
    detail.replaceChildren(...(page.chosen ? geobike.detail(page) : []));
    if (!page.chosen) page.point(null);
  });
  document.addEventListener("keydown", ({ key, target }) => {
    if (key !== "Escape" || !page.chosen || document.querySelector("dialog[open]")) return;
    if (target.type !== "search") page.close();
  });
};

geobike.zoomTo = function (page, { kind, area, street, places }) {
  const { map, data } = page;
  const options = { ...geobike.padding(page, 40), maxZoom: 17 };
  if (kind === "area") map.fitBounds(area.shape.getBounds(), options);
  else if (kind === "street") map.fitBounds(geobike.boundsOf(street), options);
  else map.fitBounds(L.latLngBounds(places.map((i) => [data.places.lat[i], data.places.lon[i]])), options);
};

geobike.wide = () => !matchMedia("(max-width: 700px)").matches;

// What colours the map: a figure, or how sure it differs from the average.
geobike.metrics = function (page) {
  const { el } = geobike;
  const { data, say } = page;
  const options = page.colours.map((metric) => {
    const known = geobike.isCompared(page, metric) || metric === page.metric;
    const text = page.nameOf(metric);
    return el("option", { value: metric.name, disabled: !known }, known ? text : `${text} (${say("not_known")})`);
  });
  const grouped = page.groups(page.colours[0]).size > 0;
  if (grouped) options.splice(1, 0, el("option", { value: "by-group" }, say("by_group")));
  const select = el("select", { id: "gb-metric" }, ...options);
  select.onchange = () => {
    const byGroup = select.value === "by-group";
    const metric = byGroup ? page.colours[0] : page.colours.find(({ name }) => name === select.value);
    page.change({ metric, byGroup });
  };
  page.onChange(() => (select.value = page.byGroup ? "by-group" : page.metric.name));
  const total = (metric) => metric.least_share && metric.share_of === data.roles.share;
  const missing = page.colours.filter((metric) => total(metric) && !geobike.isCompared(page, metric));
  const shares = data.areas.map(({ figures }) => figures[data.roles.share]).filter(Number.isFinite);
  const why = missing.length && shares.length
    ? say("share_needed", { least: page.percent(missing[0].least_share), best: page.percent(Math.max(...shares)) })
    : data.covered ? "" : say("share_unknown");
  return el("div", { className: "gb-metric" }, el("label", {}, say("colour_by"), " ", select), el("p", { className: "gb-why" }, why));
};
