// The text around the map: what was found, what was seen, and how it was counted.
"use strict";

geobike.header = function (page) {
  const { el } = geobike;
  const { map, data, say } = page;
  const skip = el("a", { className: "gb-skip", href: "#gb-panel" }, say("skip"));
  skip.onclick = (event) => {
    event.preventDefault(); // the address holds the state of the page
    document.getElementById("gb-panel").focus();
  };
  const [first, rest] = [el("span"), el("span", { className: "gb-rest" })];
  const finding = el("p", { className: "gb-finding" }, first, " ", rest);
  const differ = el("p", { className: "gb-differ" });
  const seen = el("p", { className: "gb-seen" });
  const uncompared = el("p", { className: "gb-uncompared" }, geobike.uncompared(page));
  const told = geobike.differing(page);
  const fill = () => {
    [first.textContent, rest.textContent] = geobike.findings(page);
    differ.textContent = told && page.period >= 0 ? say("differ_whole") : told;
    seen.textContent = geobike.seen(page);
  };
  fill();
  page.onChange(({ period }) => {
    if (period === undefined) return;
    const { height } = header.getBoundingClientRect();
    fill();
    if (period >= 0) header.style.minHeight ||= `${height}px`; // what is below stays where it is
    else header.style.minHeight = "";
    map.invalidateSize({ pan: false }); // its number of lines may change the height of the map
  });
  addEventListener("resize", () => (header.style.minHeight = ""));
  const header = el(
    "header",
    { className: "gb-header" },
    skip,
    geobike.fold(page, () => header),
    geobike.tools(page),
    el("h1", { dir: "auto" }, data.title),
    finding,
    differ,
    uncompared,
    seen,
  );
  return header;
};

// On a phone the finding comes first, and the map right below it: the rest is folded away.
geobike.fold = function ({ say }, header) {
  const button = geobike.el("button", { type: "button", className: "gb-fold" }, say("more"));
  const set = (open) => {
    header().classList.toggle("gb-unfolded", open);
    header().style.minHeight = "";
    button.setAttribute("aria-expanded", String(open));
    button.textContent = say(open ? "less" : "more");
  };
  button.setAttribute("aria-expanded", "false");
  button.onclick = () => set(button.getAttribute("aria-expanded") === "false");
  return button;
};

geobike.summed = ({ data }, name) => data.areas.reduce((total, { figures }) => total + (figures[name] || 0), 0);

// What was found: the average, then all that was detected. Of a period the second is not known with
// each place once, and the sum over its photos would be larger than that of all periods.
geobike.findings = function (page) {
  const { data, say } = page;
  const { roles } = data;
  if (!geobike.summed(page, roles.photos)) return [say("nothing_counted"), ""];
  const once = geobike.summed(page, roles.once); // a period has none
  const found = once > 0 ? say("in_all", { count: page.short(once) }) : `${geobike.onPhotos(page, "finding")}.`;
  const metric = page.period < 0 ? page.colours[0] : page.colours.find((one) => geobike.isOfPeriods(data, one));
  const average = metric ? geobike.average(page, metric) : null;
  if (average === null) return [found, ""];
  const mean = say("on_average", {
    stops: say("stops", { n: Math.round(geobike.summed(page, roles.stops)) }),
    figure: page.figure(average, metric),
    metric: page.innerNameOf(metric),
  });
  const whole = page.period < 0 && data.estimates?.of === metric.name ? data.estimates.whole : [];
  const between = whole.length === 3 && !whole.includes(null) && geobike.rangeText(page, whole.slice(1), metric);
  const first = between ? `${mean} (${between}).` : `${mean}.`;
  return [first, page.period < 0 ? found : ""];
};

geobike.finding = (page) => geobike.findings(page).filter(Boolean).join(" ");

// The sum over the photos, which counts a bicycle as often as they show it.
geobike.onPhotos = function (page, key) {
  const { roles } = page.data;
  const photos = page.say("photos", { n: geobike.summed(page, roles.photos) });
  return page.say(key, { count: geobike.summed(page, roles.things), photos });
};

// Which areas differ clearly from the average; or that nobody knows.
geobike.differing = function (page) {
  const { data, say } = page;
  const groups = page.groups(page.colours[0]);
  if (groups.size < 2) return "";
  const named = (wanted) => data.areas.filter((area) => groups.get(area) === wanted).map(({ name }) => name);
  const [more, fewer] = [named(1), named(-1)];
  const same = groups.size - more.length - fewer.length;
  if (!more.length && !fewer.length) return say("none_differ", { n: groups.size });
  const shown = (names) => (names.length > 4 ? [...names.slice(0, 3), say("others", { n: names.length - 3 })] : names);
  const list = (names) => new Intl.ListFormat(data.language).format(shown(names));
  const parts = [];
  if (more.length) parts.push(say(geobike.isByHand(data) ? "more_in" : "detected_more_in", { names: list(more) }));
  if (fewer.length) parts.push(say("fewer_in", { names: list(fewer) }));
  if (same) parts.push(say("same_in", { n: same }));
  return parts.join(" ");
};

// What was seen and when, and whether anybody counted by hand.
geobike.seen = function (page) {
  const { data, say } = page;
  const { roles } = data;
  const sum = (name) => geobike.summed(page, name);
  const looked = data.areas.filter((area) => !geobike.isUnseen(data, area));
  const parts = [say("stops", { n: Math.round(sum(roles.stops)) })];
  if (data.covered && page.period < 0) {
    parts.push(say("streets_of", { seen: page.figure(sum(roles.seen)), all: page.figure(sum(roles.streetLength)) }));
  }
  const compared = looked.filter(({ status }) => status === "compared").length;
  parts.push(say("spread", { n: looked.length, all: data.areas.length }));
  if (compared < looked.length) parts.push(say("of_which_compared", { n: compared }));
  const dates = page.period < 0 ? geobike.dates(page, looked) : page.date(data.periods[page.period]);
  return `${say("seen", { what: parts.join(", ") })}${dates && " · "}${dates}. ${geobike.trust(page)}`;
};

// Whether hand counts say how many bicycles there are, which takes more than a few.
geobike.isByHand = ({ estimates }) => Boolean(estimates && estimates.whole[0] !== null);

// How far the figures can be trusted, in a sentence.
geobike.trust = function ({ data, say }) {
  const n = data.estimates?.hand_counted;
  if (!n) return say("nobody_counted");
  return say(geobike.isByHand(data) ? "some_hand_counted" : "too_few_counted", { n });
};

// That no area was seen well enough, and what that would take.
geobike.uncompared = function ({ data, say }) {
  const states = new Set(data.areas.map(({ status }) => status));
  if (states.has("compared") || !(states.has("thin") || states.has("too_thin"))) return "";
  return say(data.covered ? "none_compared" : "none_compared_squares");
};

// From the first to the last photo, by day.
geobike.dates = function (page, areas) {
  const days = areas
    .flatMap((area) => [area.first, area.last])
    .filter((time) => time !== null)
    .map((time) => time.slice(0, 10))
    .sort();
  return days.length ? page.dates(days[0], days[days.length - 1]) : "";
};

geobike.notes = function (page) {
  const { el } = geobike;
  const { data, say } = page;
  const ledger = el("p", { className: "gb-ledger" });
  const ridden = el("p", { className: "gb-ridden" });
  const sums = el("p", { className: "gb-sums" });
  const fill = () => {
    sums.textContent = geobike.summed(page, data.roles.things) ? geobike.onPhotos(page, "sums") : "";
    ledger.textContent = geobike.ledger(page);
    ridden.textContent = geobike.ridden(page);
  };
  fill();
  page.onChange(({ period }) => period !== undefined && fill());
  const method = { ...data, threshold: page.decimal(data.threshold), label: page.label };
  return el(
    "details",
    { className: "gb-notes" },
    el("summary", {}, say("notes")),
    el("p", { className: "gb-reading" }, say("reading")),
    el("p", { className: "gb-trust" }, say("trust")),
    sums,
    ridden,
    geobike.rackNote(page),
    el("p", { className: "gb-by-hand" }, geobike.byHand(page)),
    ledger,
    el("p", { className: "gb-method", dir: "auto" }, say("method", method)),
    el("p", { className: "gb-source", dir: "auto" }, data.source && say("source", data)),
    data.hidden ? el("p", { className: "gb-hidden", dir: "auto" }, geobike.hidden(page)) : "",
  );
};

// How many were ridden, and so not counted, where those are told apart.
geobike.ridden = function ({ data, say, period }) {
  if (!data.ridden) return "";
  return say("ridden_note", { n: period < 0 ? data.ridden.whole : data.ridden.periods[period] });
};

// What became of every photo, of all or of the chosen period.
geobike.ledger = function ({ data, say, period }) {
  const known = period < 0 ? data.ledger : Object.fromEntries(Object.entries(data.ledgers).map(([status, counts]) => [status, counts[period]]));
  const given = Object.entries(known).filter(([, n]) => n);
  if (!given.length) return "";
  const total = given.reduce((sum, [, n]) => sum + n, 0);
  const parts = given.map(([status, n]) => say(status, { n }));
  return say("ledger", { photos: say("photos", { n: total }), parts: parts.join(", ") });
};

// What the ranges mean: of what a person counts, or of other streets only.
geobike.byHand = function ({ data, say }) {
  const { estimates } = data;
  if (!estimates?.hand_counted) return say("detected_only");
  const photos = say("photos", { n: estimates.hand_counted });
  if (!geobike.isByHand(data)) return say("detected_few", { photos });
  if (estimates.found_of_100 === null) return "";
  return say("by_hand", { photos, found: estimates.found_of_100 });
};

// What is anonymized on the pictures, and that a detector does not find all of it.
geobike.hidden = function ({ data, say }) {
  const { kinds, labels, large } = data.hidden;
  const parts = [say("hidden_" + kinds)];
  if (labels) parts.push(say("hidden_labels", { labels }));
  if (large) parts.push(say("hidden_large"));
  return parts.join(" ");
};
