// What stands around the map in words: the heading, the finding, the panel, the notes.
"use strict";

geobike.header = function (page) {
  const { el } = geobike;
  const { data, say } = page;
  const sum = (key) => data.areas.reduce((total, area) => total + (area[key] || 0), 0);
  const seen = data.areas.filter((area) => area.photo_count > 0);
  const finding = seen.length
    ? say("finding", {
        things: page.things(sum("bicycle_count")),
        photos: say("photos", { n: sum("photo_count") }),
      }) +
      ", " +
      say("spread", { n: seen.length, all: data.areas.length })
    : say("nothing_counted");
  const dates = geobike.dates(seen);
  return el(
    "header",
    { className: "gb-header" },
    el("h1", { dir: "auto" }, data.title),
    el("p", { className: "gb-finding" }, finding, el("span", {}, dates && " · " + dates)),
    el("p", { className: "gb-reading" }, say("reading")),
  );
};

// From the first to the last photo, by day.
geobike.dates = function (areas) {
  const days = areas
    .flatMap((area) => [area.first, area.last])
    .filter((time) => time !== null)
    .map((time) => time.slice(0, 10))
    .sort();
  if (!days.length) return "";
  const [first, last] = [days[0], days[days.length - 1]];
  return first === last ? first : `${first} – ${last}`;
};

geobike.panel = function (page) {
  const { el } = geobike;
  return el(
    "aside",
    { className: "gb-panel", "aria-label": page.say("region_table") },
    geobike.metrics(page),
    geobike.layers(page),
    geobike.notes(page),
    geobike.table(page),
  );
};

geobike.metrics = function (page) {
  const { choice, choices } = geobike;
  const metrics = page.data.metrics.map(({ key }) =>
    choice(
      {
        type: "radio",
        name: "gb-metric",
        value: key,
        checked: key === page.metric,
        onchange: () => page.setMetric(key),
      },
      page.metricName(key),
    ),
  );
  return choices(page.say("colour_by"), ...metrics);
};

geobike.layers = function (page) {
  const { choice, choices } = geobike;
  const box = (name, layer, checked) => {
    const onchange = ({ target }) => (target.checked ? layer.addTo(page.map) : layer.remove());
    return choice({ type: "checkbox", checked, onchange }, page.say(name));
  };
  const boxes = [box("layer_areas", page.areaLayer, true)];
  if (page.data.photos.length) {
    boxes.push(box("layer_photos", page.photoLayer, true));
    boxes.push(box("layer_heat", page.heatLayer, false));
  }
  return choices(page.say("layers"), ...boxes);
};

geobike.notes = function (page) {
  const { el } = geobike;
  const { data, say } = page;
  const total = Object.values(data.ledger).reduce((sum, n) => sum + n, 0);
  const parts = Object.entries(data.ledger).map(([status, n]) => say(status, { n }));
  const ledger = parts.length
    ? say("ledger", { photos: say("photos", { n: total }), parts: parts.join(", ") })
    : "";
  return el(
    "details",
    { className: "gb-notes", open: geobike.wide() },
    el("summary", {}, say("notes")),
    el("p", { className: "gb-ledger" }, ledger),
    el("p", { className: "gb-method", dir: "auto" }, say("method", data)),
  );
};
