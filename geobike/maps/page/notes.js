// The text around the map: the heading, the finding, the panel, the notes.
"use strict";

geobike.header = function (page) {
  const { el } = geobike;
  const { map, data, say } = page;
  const skip = el("a", { className: "gb-skip", href: "#gb-panel" }, say("skip"));
  const finding = el("p", { className: "gb-finding" }, ...geobike.finding(page));
  const uncompared = el("p", { className: "gb-uncompared" }, geobike.uncompared(page));
  page.onChange(({ period }) => {
    if (period === undefined) return;
    finding.replaceChildren(...geobike.finding(page));
    map.invalidateSize({ pan: false }); // its number of lines changes the height of the map
  });
  return el(
    "header",
    { className: "gb-header" },
    skip,
    geobike.tools(page),
    el("h1", { dir: "auto" }, data.title),
    finding,
    uncompared,
    el("p", { className: "gb-reading" }, say("reading")),
  );
};

// What was found, of all photos or of the chosen period, and when.
geobike.finding = function ({ data, say, things, period }) {
  const { roles } = data;
  const sum = (name) => data.areas.reduce((total, { figures }) => total + (figures[name] || 0), 0);
  const seen = data.areas.filter(({ figures }) => figures[roles.photos] > 0);
  const finding = seen.length
    ? say("finding", {
        things: things(sum(roles.things)),
        photos: say("photos", { n: sum(roles.photos) }),
      }) +
      ", " +
      say("spread", { n: seen.length, all: data.areas.length })
    : say("nothing_counted");
  const dates = period < 0 ? geobike.dates(seen) : data.photos.periods[period];
  return [finding + (dates && " · "), geobike.el("span", {}, dates)];
};

// That no area was seen well enough, and what that would take.
geobike.uncompared = function ({ data, say }) {
  const states = new Set(data.areas.map(({ status }) => status));
  if (states.has("compared") || !(states.has("thin") || states.has("too_thin"))) return "";
  return say(data.streets ? "none_compared" : "none_compared_squares");
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
    { className: "gb-panel", id: "gb-panel", tabIndex: -1, "aria-label": page.say("region_table") },
    geobike.metrics(page),
    geobike.layers(page),
    geobike.slider(page),
    geobike.notes(page),
    ...geobike.table(page),
  );
};

geobike.metrics = function (page) {
  const { choice, choices } = geobike;
  const metrics = page.colours.map((metric) =>
    choice(
      {
        type: "radio",
        name: "gb-metric",
        value: metric.name,
        checked: metric === page.metric,
        onchange: () => page.change({ metric }),
      },
      page.nameOf(metric),
    ),
  );
  return choices(page.say("colour_by"), ...metrics);
};

geobike.layers = function (page) {
  const { choice, choices } = geobike;
  const surface = (key, text) =>
    choice(
      {
        type: "radio",
        name: "gb-surface",
        checked: key === page.surface,
        onchange: () => page.change({ surface: key }),
      },
      text,
    );
  const box = (layer, text) => {
    const onchange = ({ target }) => (target.checked ? layer.addTo(page.map) : layer.remove());
    return choice({ type: "checkbox", checked: true, onchange }, text);
  };
  const { say } = page;
  const shown = [surface("areas", say("layer_areas"))];
  if (page.photos.n) {
    const hexbins = say("layer_hexbins", { metric: page.nameOf(page.hexbins.metric) });
    shown.push(surface("hexbins", hexbins), surface("heat", say("layer_heat")));
  }
  const boxes = page.photos.n ? [box(page.photoLayer, say("layer_photos"))] : [];
  boxes.push(...page.context.map(({ name, layer }) => box(layer, name)));
  return choices(say("layers"), ...shown, geobike.el("br"), ...boxes);
};

// A slider over the days, or months, or years, where the photos span more than one.
geobike.slider = function (page) {
  const { el } = geobike;
  const { periods } = page.photos;
  if (!periods.length) return "";
  const output = el("output", {});
  const range = el("input", { type: "range", min: 0, max: periods.length, step: 1, value: 0 });
  const announce = () => {
    output.textContent = range.value > 0 ? periods[range.value - 1] : page.say("all_periods");
    range.setAttribute("aria-valuetext", output.textContent);
  };
  range.oninput = () => {
    announce();
    page.map.closePopup();
    page.change({ period: range.value - 1 });
  };
  announce();
  return el("div", { className: "gb-slider" }, el("label", {}, page.say("time"), range), output);
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
    el("p", { className: "gb-source", dir: "auto" }, data.source && say("source", data)),
    el("p", { className: "gb-method", dir: "auto" }, say("method", { ...data, label: page.label })),
    el("p", { className: "gb-trust" }, say("trust")),
    geobike.rackNote(page),
    el("p", { className: "gb-by-hand" }, geobike.byHand(page)),
    data.hidden ? el("p", { className: "gb-hidden", dir: "auto" }, geobike.hidden(page)) : "",
  );
};

// What the ranges mean: of what a person counts, or of other streets only.
geobike.byHand = function ({ data, say }) {
  const { estimates } = data;
  if (!estimates) return say("detected_only");
  if (estimates.found_of_100 === null) return "";
  return say("by_hand", {
    photos: say("photos", { n: estimates.hand_counted }),
    found: estimates.found_of_100,
  });
};

// What is anonymized on the pictures, and that a detector does not find all of it.
geobike.hidden = function ({ data, say }) {
  const { kinds, labels } = data.hidden;
  return say("hidden_" + kinds) + (labels && " " + say("hidden_labels", { labels }));
};
