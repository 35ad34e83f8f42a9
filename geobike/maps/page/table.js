// The ranked table: the metrics of the areas, and access to the map by keyboard.
"use strict";

geobike.FIRST_ROWS = 200; // more are slow to lay out; the search finds them all the same

geobike.table = function (page) {
  const { el } = geobike;
  const { data, say } = page;
  let columns = [];
  const order = { key: page.metric.name, down: true };
  let wanted = "";
  let all = false;
  const body = el("tbody");
  const headings = el("tr");
  const column = (key, title, metric) => {
    const button = el("button", { type: "button" }, title);
    button.onclick = () => {
      order.down = order.key === key ? !order.down : key !== "name";
      order.key = key;
      fill();
    };
    return { key, metric, cell: el("th", { scope: "col", "data-metric": key }, button) };
  };
  function setColumns() {
    const metrics = geobike.tableMetrics(page);
    columns = metrics.map((metric) => column(metric.name, page.shortNameOf(metric), metric));
    columns.unshift(column("name", say("area")));
    headings.replaceChildren(...columns.map(({ cell }) => cell));
  }
  const unseen = el("p", { className: "gb-unseen-areas" });
  const more = el("button", { type: "button", className: "gb-more" });
  const search = el("input", { type: "search", autocomplete: "off" });
  const status = el("span", { role: "status" });

  function fill() {
    const found = data.areas.filter(({ name }) => geobike.folded(name).includes(wanted));
    found.sort(geobike.comparison(page, order));
    const shown = all ? found : found.slice(0, geobike.FIRST_ROWS);
    data.areas.forEach((area) => (area.row = null));
    shown.forEach((area) => (area.row = geobike.row(page, area, columns)));
    body.replaceChildren(...shown.map(({ row }) => row));
    unseen.textContent = geobike.unseenAreas(page);
    more.hidden = shown.length === found.length;
    more.textContent = say("show_all", { n: found.length });
    status.textContent = wanted ? say("found", { n: found.length }) : "";
    for (const { key, cell } of columns) {
      if (key === order.key) cell.ariaSort = order.down ? "descending" : "ascending";
      else cell.removeAttribute("aria-sort");
    }
    return found;
  }
  more.onclick = () => {
    all = true;
    fill();
  };
  search.oninput = () => {
    wanted = geobike.folded(search.value.trim());
    fill();
  };
  search.onkeydown = (event) => {
    const [first] = event.key === "Enter" ? fill() : [];
    if (first) page.zoomTo(first);
  };
  page.onChange(({ metric }) => {
    if (metric) Object.assign(order, { key: metric.name, down: true });
    setColumns();
    fill();
  });
  const label = el("label", { className: "gb-search" }, say("search"), search, status);
  const caption = el("caption", {}, say("table_caption"));
  const table = el("table", { className: "gb-table" }, caption, el("thead", {}, headings), body);
  return [label, table, unseen, more];
};

// On paper one line instead of a row for each area without photos.
geobike.unseenAreas = function ({ data, say }) {
  const areas = data.areas.filter((area) => geobike.isUnseen(data, area));
  const names = areas.slice(0, geobike.FIRST_ROWS).map(({ name }) => name);
  if (areas.length > names.length) names.push("…");
  return areas.length ? say("unseen_areas", { n: areas.length, names: names.join(", ") }) : "";
};

// The metrics of the table. There is room for three and one more: the one that colours the map,
// else the next.
geobike.tableMetrics = function (page) {
  const metrics = page.metricsIn("table");
  const more = metrics.splice(3);
  const chosen = more.includes(page.metric) ? page.metric : more[0];
  return chosen ? [...metrics, chosen] : metrics;
};

// Without case and accents, so that "zoetermeer" finds "Zoëtermeer".
geobike.folded = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();

// By the column, areas without a value last either way, those that are not compared before them;
// equal ones by name.
geobike.comparison = function (page, { key, down }) {
  const names = new Intl.Collator(page.data.language, { numeric: true });
  const sign = down ? -1 : 1;
  const metric = page.data.metrics.find(({ name }) => name === key);
  const value = (area) => geobike.knownValue(page, area, metric);
  return (a, b) => {
    if (key === "name") return sign * names.compare(a.name, b.name);
    const [one, two] = [value(a), value(b)];
    if (one === two) return names.compare(a.name, b.name);
    if (one === null) return 1;
    if (two === null) return -1;
    const behind = metric.tellsLooking ? 0 : (a.status === "thin") - (b.status === "thin");
    if (behind) return behind;
    return sign * (one - two);
  };
};

geobike.row = function (page, area, columns) {
  const { el } = geobike;
  const swatch = el("i");
  const name = el("span", { dir: "auto", title: area.name }, area.name);
  const className = geobike.isUnseen(page.data, area) ? "gb-unseen" : "";
  const row = el("tr", { tabIndex: 0, className }, el("th", { scope: "row" }, el("div", {}, swatch, name)));
  for (const { metric } of columns.slice(1)) {
    row.append(el("td", { "data-metric": metric.name }, geobike.areaFigure(page, area, metric)));
  }
  row.onmouseenter = row.onfocus = () => page.highlight(area, true);
  row.onmouseleave = row.onblur = () => page.highlight(area, false);
  row.onclick = () => page.zoomTo(area);
  row.onkeydown = (event) => {
    if (event.key === "Enter") page.zoomTo(area);
  };
  const value = geobike.valueOf(page, area, page.metric);
  const state = typeof value === "string" ? ` gb-${value}` : "";
  swatch.className = "gb-swatch" + state;
  swatch.style.background = state ? "" : geobike.fill(page, area);
  return row;
};
