// What the page shows, as files for a GIS, a spreadsheet, a report. Made here: nothing is fetched.
"use strict";

geobike.downloads = function (page) {
  const { el } = geobike;
  const { say } = page;
  const menu = el("details", { className: "gb-menu" });
  const item = (key, make) => {
    const button = el("button", { type: "button" }, say(key));
    button.onclick = async () => {
      menu.open = false;
      const { name, type, parts } = await make(page);
      geobike.hand(page, new Blob(parts, { type }), name);
    };
    return el("li", {}, button);
  };
  menu.append(
    el("summary", {}, say("download")),
    el(
      "ul",
      {},
      item("download_areas", geobike.areasGeojson),
      item("download_table", geobike.areasCsv),
      item("download_columns", geobike.columnsCsv),
      item("download_places", geobike.placesGeojson),
      item("download_picture", geobike.picturePng),
    ),
  );
  document.addEventListener("click", ({ target }) => menu.contains(target) || (menu.open = false));
  menu.onkeydown = (event) => {
    if (event.key !== "Escape" || !menu.open) return;
    event.stopPropagation();
    menu.open = false;
    menu.firstChild.focus();
  };
  return menu;
};

geobike.hand = function (page, content, name) {
  const href = URL.createObjectURL(content);
  const period = page.period < 0 ? "" : `-${page.data.periods[page.period]}`;
  geobike.el("a", { href, download: name.replace(".", `${period}.`) }).click();
  setTimeout(() => URL.revokeObjectURL(href), 10000);
};

// Numbers of a file: more digits than anybody measured would be noise.
geobike.written = (value) => (typeof value === "number" && !Number.isInteger(value) ? Number(value.toPrecision(6)) : value);

// Each area with the figures that the page has of it.
geobike.areaRows = function ({ data }) {
  const of = data.estimates?.of;
  const left = data.metrics.filter(({ shown }) => !shown.includes("download")).map(({ name }) => name);
  return data.areas.map(({ id, name, status, figures, groups, rank }) => ({
    area_id: id,
    name,
    status,
    ...Object.fromEntries(Object.entries(figures).filter(([key]) => !left.includes(key)).map(([key, value]) => [key, geobike.written(value)])),
    ...(groups[of] === undefined ? {} : { group: { 1: "above", 0: "not told apart", "-1": "below" }[groups[of]] }),
    ...(rank ? { rank_low: rank[0], rank_high: rank[1] } : {}),
  }));
};

geobike.areasGeojson = function (page) {
  const rows = geobike.areaRows(page);
  const features = page.data.areas.map(({ shape }, k) => ({ ...shape.toGeoJSON(), properties: rows[k] }));
  const text = JSON.stringify({ type: "FeatureCollection", note: page.say("simplified"), features });
  return { name: "areas.geojson", type: "application/geo+json", parts: [text] };
};

geobike.columnsOf = (rows) => [...new Set(rows.flatMap(Object.keys))];

geobike.areasCsv = function (page) {
  const rows = geobike.areaRows(page);
  return geobike.csv(page, "areas.csv", geobike.columnsOf(rows), rows);
};

// What each column of the areas counts, and in what: a line for each.
geobike.columnsCsv = function (page) {
  const [column, meaning] = [page.say("column"), page.say("column_meaning")];
  const rows = geobike.columnsOf(geobike.areaRows(page)).map((name) => ({ [column]: name, [meaning]: geobike.meaningOf(page, name) }));
  return geobike.csv(page, "columns.csv", [column, meaning], rows);
};

geobike.meaningOf = function ({ data, say, nameOf }, column) {
  const ranged = data.metrics.find(({ low, high }) => low === column || high === column);
  if (ranged) return say(ranged.low === column ? "column_low" : "column_high", { name: nameOf(ranged) });
  const metric = data.metrics.find(({ name }) => name === column);
  const notes = ["column_" + column].filter((key) => key in data.words);
  if (metric?.percent) notes.push("column_share");
  if (metric?.least_share) notes.push("column_seen");
  return [...(column in data.words ? [column] : []), ...notes].map((key) => say(key)).join("; ");
};

// As spreadsheets of the page's language read it: with decimal commas, semicolons between.
geobike.csv = function ({ decimal }, name, columns, rows) {
  const comma = decimal(1.5).includes(",");
  const cell = (value) => {
    if (value === null || value === undefined) return "";
    if (typeof value === "number") return comma ? String(value).replace(".", ",") : String(value);
    const safe = /^'*[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]/.test(value) ? `'${value}` : value; // no formula
    return `"${safe.replaceAll('"', '""')}"`;
  };
  const line = (cells) => cells.join(comma ? ";" : ",");
  const lines = [line(columns), ...rows.map((row) => line(columns.map((key) => cell(row[key]))))];
  return { name, type: "text/csv", parts: ["\ufeff", lines.join("\r\n"), "\r\n"] };
};

geobike.placesGeojson = function ({ data }) {
  const { places } = data;
  const features = [];
  for (let i = 0; i < places.n; i++) {
    if (!places.visits[i]) continue;
    const area = data.areas[places.area[i]];
    const street = data.streets[places.street[i]];
    features.push({
      type: "Feature",
      geometry: { type: "Point", coordinates: [places.lon[i], places.lat[i]] },
      properties: {
        detected: geobike.written(places.things[i]),
        photos: places.photos[i],
        area: area ? area.name : null,
        street: street ? street.name : null,
      },
    });
  }
  const text = JSON.stringify({ type: "FeatureCollection", features });
  return { name: "places.geojson", type: "application/geo+json", parts: [text] };
};
