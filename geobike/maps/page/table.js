// The ranked table: the chosen figure of every area with its range, and how well it was seen. It is
// the way to the areas by keyboard.
"use strict";

geobike.FIRST_ROWS = 200; // more are slow to lay out; the search finds them all the same

geobike.table = function (page) {
  const { el } = geobike;
  const { data, say } = page;
  let columns = [];
  const order = { key: page.metric.name, down: true };
  let wanted = "";
  let all = false;
  const bodies = ["", "gb-thin-rows", "gb-hidden-rows"].map((className) => el("tbody", { className }));
  const headings = el("tr");
  const column = (key, title, metric) => {
    const button = el("button", { type: "button" }, el("span", {}, title));
    button.onclick = () => {
      order.down = order.key === key ? !order.down : !["name", "rank"].includes(key);
      order.key = key;
      fill();
    };
    return { key, metric, cell: el("th", { scope: "col", "data-metric": key }, button) };
  };
  function setColumns() {
    const metrics = geobike.tableMetrics(page);
    columns = metrics.map((metric) => column(metric.name, page.shortNameOf(metric), metric));
    columns.unshift(column("name", say("area")));
    if (geobike.hasRanks(page)) columns.push(column("rank", say("rank_head")));
    const cells = columns.map(({ cell }) => cell);
    cells.splice(2, 0, geobike.barHead(page));
    headings.replaceChildren(...cells);
    table.classList.toggle("gb-ranked", geobike.hasRanks(page));
  }
  const unseen = el("p", { className: "gb-unseen-areas" });
  const range = el("p", { className: "gb-why gb-range-note" });
  const more = el("button", { type: "button", className: "gb-more" });
  const prompt = say(page.hasStreets ? "search_streets" : "search");
  const search = el("input", { type: "search", autocomplete: "off", placeholder: prompt, "aria-label": prompt });
  const streets = el("ul", { className: "gb-list gb-found-streets" });
  const status = el("span", { role: "status" });

  function fill() {
    const named = wanted ? data.areas.filter(({ name }) => geobike.folded(name).includes(wanted)) : data.areas;
    const found = geobike.sorted(page, named, order);
    const shown = all ? found : found.slice(0, page.isComplete ? geobike.FIRST_ROWS : geobike.rowsInView());
    const scale = geobike.barScale(page);
    data.areas.forEach((area) => (area.row = null));
    page.ordered = found;
    const parts = [[], [], []];
    for (const area of shown) {
      area.row = geobike.row(page, area, columns, scale);
      parts[geobike.section(page, area)].push(area.row);
    }
    const heads = ["", "section_thin", "section_hidden"];
    bodies.forEach((body, k) => {
      const head = k && parts[k].length ? [geobike.sectionHead(say(heads[k]), columns.length + 1)] : [];
      body.replaceChildren(...head, ...parts[k]);
    });
    unseen.textContent = geobike.unseenAreas(page);
    range.textContent = geobike.rangeMeaning(page);
    more.hidden = all || found.length <= geobike.FIRST_ROWS;
    more.textContent = say("show_all", { n: found.length });
    const hits = geobike.streetsNamed(page, wanted);
    streets.replaceChildren(...geobike.streetButtons(page, hits.slice(0, 8)));
    status.textContent = wanted ? geobike.foundText(page, found.length, hits.length) : "";
    for (const { key, cell } of columns) {
      if (key === order.key) cell.ariaSort = order.down ? "descending" : "ascending";
      else cell.removeAttribute("aria-sort");
    }
    return found;
  }
  more.onclick = () => {
    all = true;
    fill()[geobike.FIRST_ROWS].row.focus({ preventScroll: true }); // the button is gone
  };
  search.oninput = () => {
    wanted = geobike.folded(search.value.trim());
    fill();
  };
  search.onkeydown = (event) => {
    const [first] = event.key === "Enter" ? fill() : [];
    if (first) return page.choose({ kind: "area", area: first }, { zoom: true });
    if (event.key === "Enter") streets.querySelector("button")?.click();
  };
  page.onChange((choice) => {
    if (Object.keys(choice).length === 1 && ("chosen" in choice || "details" in choice)) return;
    if (choice.metric) Object.assign(order, { key: choice.metric.name, down: true });
    setColumns();
    fill();
  });
  const label = el("div", { className: "gb-search" }, search, status, streets);
  const caption = el("caption", {}, say("table_caption"));
  const table = el("table", { className: "gb-table" }, caption, el("thead", {}, headings), ...bodies);
  return [label, table, range, unseen, more];
};

// The rows that the first drawing shows; the others follow it.
geobike.rowsInView = () => Math.ceil(innerHeight / 24);

// The streets with these letters in their name; none where nothing is searched.
geobike.streetsNamed = (page, wanted) =>
  wanted ? geobike.rankedStreets(page).filter(({ name }) => name && geobike.folded(name).includes(wanted)) : [];

geobike.streetButtons = (page, found) =>
  found.map((street) => {
    const onclick = () => page.choose({ kind: "street", street }, { zoom: true });
    return geobike.el("li", {}, geobike.el("button", { type: "button", dir: "auto", onclick }, geobike.streetName(page, street)));
  });

geobike.foundText = function ({ hasStreets, say }, areas, streets) {
  if (hasStreets) return `${say("found", { n: areas })}, ${say("found_streets", { n: streets })}`;
  return areas ? say("found", { n: areas }) : say("found_none");
};

geobike.sectionHead = (text, span) =>
  geobike.el("tr", { className: "gb-section" }, geobike.el("th", { scope: "rowgroup", colSpan: span }, text));

// Areas that are compared come first; then those seen in part, which have no rank; then the others.
geobike.section = function (page, area) {
  if (geobike.isHidden(page, area)) return 2;
  const value = geobike.valueOf(page, area, page.metric);
  return value === "thin" || value === "few" ? 1 : 0;
};

geobike.MOST_UNSEEN = 40; // names on paper: the map shows the others

// On paper one line instead of a row for each area without photos.
geobike.unseenAreas = function ({ data, period, say }) {
  const areas = data.areas.filter((area) => geobike.isUnseen(data, area));
  const names = areas.slice(0, geobike.MOST_UNSEEN).map(({ name }) => name);
  if (areas.length > names.length) names.push("…");
  return areas.length ? say(period < 0 ? "unseen_areas" : "unseen_areas_then", { n: areas.length, names: names.join(", ") }) : "";
};

// The figure that colours the map, and what it rests on.
geobike.tableMetrics = function (page) {
  const { roles } = page.data;
  const looking = page.metricsIn("table").filter(({ name }) => [roles.stops, roles.share].includes(name));
  return [page.metric, ...looking];
};

// Ranks are of what people counted, in the whole survey; on a phone an area's own figures have them.
geobike.hasRanks = ({ data, metric, period }) =>
  geobike.wide() && period < 0 && data.estimates?.of === metric.name && data.areas.some(({ rank }) => rank);

geobike.rankText = function ({ whole, say }, { rank }) {
  if (!rank) return say("unknown");
  const [low, high] = rank.map(whole);
  return low === high ? low : `${low} – ${high}`;
};

// Without case and accents, so that "zoetermeer" finds "Zoëtermeer".
geobike.folded = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();

// By section, those without a photo last, then by the column, areas without a value last either way; equal ones by name.
geobike.sorted = function (page, areas, { key, down }) {
  const names = new Intl.Collator(page.data.language, { numeric: true });
  const sign = down ? -1 : 1;
  const metric = page.data.metrics.find(({ name }) => name === key);
  const value = (area) => (key === "rank" ? (area.rank?.[0] ?? null) : geobike.knownValue(page, area, metric));
  const place = (area) => geobike.section(page, area) + (geobike.isUnseen(page.data, area) ? 1 : 0);
  const rows = areas.map((area) => ({ area, place: place(area), value: key === "name" ? 0 : value(area) }));
  rows.sort((one, two) => {
    if (one.place !== two.place) return one.place - two.place;
    if (key === "name") return sign * names.compare(one.area.name, two.area.name);
    if (one.value === two.value) return names.compare(one.area.name, two.area.name);
    if (one.value === null) return 1;
    if (two.value === null) return -1;
    return sign * (one.value - two.value);
  });
  return rows.map(({ area }) => area);
};

geobike.row = function (page, area, columns, scale) {
  const { el } = geobike;
  const swatch = el("i");
  const name = el("span", { dir: "auto", title: area.name }, area.name);
  const head = el("div", {}, swatch, name);
  const className = geobike.isUnseen(page.data, area) ? "gb-unseen" : "";
  const row = el("tr", { tabIndex: 0, className }, el("th", { scope: "row" }, head));
  for (const { key, metric } of columns.slice(1)) {
    if (key === "rank") {
      row.append(el("td", { "data-metric": key }, geobike.rankText(page, area)));
      continue;
    }
    row.append(el("td", { "data-metric": metric.name }, geobike.areaFigure(page, area, metric)));
    if (metric === page.metric) row.append(el("td", { className: "gb-bar-cell" }, geobike.bar(page, area, scale)));
  }
  row.onmouseenter = row.onfocus = () => page.highlight(area, true);
  row.onmouseleave = row.onblur = () => page.highlight(area, false);
  row.onclick = () => page.choose({ kind: "area", area }, { zoom: true });
  row.onkeydown = (event) => {
    if (event.key === "Enter") row.onclick();
  };
  const value = geobike.valueOf(page, area, page.metric);
  const state = typeof value === "string" ? ` gb-${value}` : "";
  swatch.className = "gb-swatch" + state;
  swatch.style.background = state ? "" : geobike.seenAs(page, geobike.fill(page, area));
  return row;
};
