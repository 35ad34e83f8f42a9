// The ranked table: the figures, and the way through the map by keyboard.
"use strict";

geobike.table = function (page) {
  const { el } = geobike;
  const columns = [
    ["name", page.say("area")],
    ["photo_count", page.say("photo_count")],
    ["bicycle_count", page.metricName("bicycle_count")],
    ["bicycles_per_photo", page.say("short_per_photo")],
    ["bicycles_per_km2", page.say("short_per_km2")],
  ];
  const order = { key: page.metric, down: true };
  const head = el("tr");
  const body = el("tbody");
  page.data.areas.forEach((area) => (area.row = geobike.row(page, area, columns)));

  const heads = columns.map(([key, title]) => {
    const button = el("button", { type: "button" }, title);
    const cell = el("th", { scope: "col" }, button);
    button.onclick = () => {
      order.down = order.key === key ? !order.down : key !== "name";
      order.key = key;
      sort();
    };
    head.append(cell);
    return { key, cell };
  });

  function sort() {
    const rows = [...page.data.areas].sort(geobike.comparison(page.data.language, order));
    body.replaceChildren(...rows.map((area) => area.row));
    for (const { key, cell } of heads) {
      if (key === order.key) cell.ariaSort = order.down ? "descending" : "ascending";
      else cell.removeAttribute("aria-sort");
    }
  }
  page.onMetric(() => {
    Object.assign(order, { key: page.metric, down: true });
    sort();
    page.data.areas.forEach((area) => area.swatch(page));
  });
  const caption = el("caption", {}, page.say("table_caption"));
  return el("table", { className: "gb-table" }, caption, el("thead", {}, head), body);
};

// By the column, areas without a figure last either way; equal ones by name.
geobike.comparison = function (language, { key, down }) {
  const names = new Intl.Collator(language, { numeric: true });
  const sign = down ? -1 : 1;
  const value = (area) =>
    key !== "photo_count" && area.photo_count === 0 ? null : area[key];
  return (a, b) => {
    if (key === "name") return sign * names.compare(a.name, b.name);
    const [one, two] = [value(a), value(b)];
    if (one === two) return names.compare(a.name, b.name);
    if (one === null) return 1;
    if (two === null) return -1;
    return sign * (one - two);
  };
};

geobike.row = function (page, area, columns) {
  const { el } = geobike;
  const swatch = el("i");
  const name = el("span", { dir: "auto", title: area.name }, area.name);
  const row = el("tr", { tabIndex: 0 }, el("th", { scope: "row" }, el("div", {}, swatch, name)));
  for (const [key] of columns.slice(1)) {
    row.append(el("td", {}, geobike.areaFigure(page, area, key)));
  }
  row.onmouseenter = row.onfocus = () => page.highlight(area, true);
  row.onmouseleave = row.onblur = () => page.highlight(area, false);
  row.onclick = () => page.zoomTo(area);
  row.onkeydown = (event) => {
    if (event.key === "Enter") page.zoomTo(area);
  };
  area.swatch = () => {
    const state = area.classes[page.metric];
    const coloured = typeof state === "number";
    swatch.className = "gb-swatch" + (coloured ? "" : ` gb-${state}`);
    swatch.style.background = coloured ? geobike.fill(page, area) : "";
  };
  return row;
};
