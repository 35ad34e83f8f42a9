// Places to park: the streets by how full their racks are, and why nothing is said of the others.
"use strict";

geobike.FIRST_PARKING = 5; // rows of a section; the others come when asked for

// What the panel lists: the areas, or the places to park.
geobike.views = function (page) {
  if (!page.data.racks) return "";
  const { el } = geobike;
  const buttons = ["areas", "racks"].map((view) => {
    const onclick = () => page.change({ view });
    return [view, el("button", { type: "button", onclick }, page.say("view_" + view))];
  });
  const mark = () => buttons.forEach(([view, button]) => (button.ariaPressed = String(view === page.view)));
  page.onChange(mark);
  mark();
  return el("div", { className: "gb-views", role: "group", "aria-label": page.say("views") }, ...buttons.map(([, button]) => button));
};

// The list of the second view, made when it is first looked at.
geobike.parking = function (page) {
  if (!page.data.racks) return "";
  const list = geobike.el("div", { className: "gb-parking" });
  page.onChange(({ view }) => view === "racks" && !list.children.length && list.append(...geobike.parkingList(page)));
  return list;
};

geobike.parkingList = function (page) {
  const { el } = geobike;
  const { data, say } = page;
  const all = geobike.parkedPlaces(page);
  const which = (test) => geobike.fullestFirst(all.filter(test), geobike.soFar, ({ once }) => once ?? -1);
  const lacksPlaces = (one) => one.racks && geobike.isKnown(one.once) && !geobike.hasPressure(one);
  const sections = [
    ["section_judged", which(({ isJudged }) => isJudged)],
    ["section_unjudged", which((one) => !one.isJudged && one.racks && !lacksPlaces(one))],
    ["section_unknown", which((one) => !one.isJudged && lacksPlaces(one))],
    ["section_no_rack", which(({ isJudged, racks }) => !isJudged && !racks)],
  ];
  const among = sections.flatMap(([, found]) => found.map(({ kind, ...one }) => one[kind])); // next and previous go through all
  const unseen = data.racks.unseen ? say("parking_unseen", { n: data.racks.unseen }) : "";
  return [
    ...geobike.parkingFinding(page, all).map(([name, text]) => el("p", { className: name }, text)),
    ...sections.filter(([, found]) => found.length).map(([key, found]) => geobike.parkingSection(page, say(key), found, among)),
    geobike.note(unseen, unseen),
  ];
};

geobike.isKnown = (value) => value !== null && value !== undefined;

// The streets in areas that have racks or bicycles, each with what is known; without streets the areas.
geobike.parkedPlaces = function (page) {
  const { data } = page;
  const found = page.hasStreets
    ? data.streets.filter(({ area }) => area >= 0).map((street) => ({ kind: "street", street, ...geobike.parkingOfStreet(street) }))
    : data.areas.map((area) => ({ kind: "area", area, ...geobike.parkingOfArea(page, area) }));
  return found.filter(({ racks, once }) => geobike.isKnown(racks) && (racks || once > 0));
};

geobike.parkingOfStreet = ({ parking, once }) => ({ ...parking, once, isJudged: geobike.isKnown(parking?.short) });

// Of all days, also where one is chosen.
geobike.parkingOfArea = function ({ data, wholeSurvey }, area) {
  if (!data.racks) return {};
  const { figures } = wholeSurvey[data.areas.indexOf(area)];
  const known = Object.fromEntries(Object.entries(data.racks.figures).map(([key, column]) => [key, figures[column]]));
  const isJudged = geobike.isKnown(known.racks ? known.fullness : known.short);
  return { ...known, byHand: area.byHand, once: figures[data.roles.once], isJudged };
};

// Bicycles by places, as far as they were seen; below 0 where it is not known. Without a rack no number
// of places would be less.
geobike.soFar = function ({ once, places, known, racks, fullness, byHand }) {
  if (geobike.isKnown(fullness)) return byHand?.fullness?.[0] ?? fullness;
  if (!racks) return Infinity;
  return geobike.isKnown(once) && places && known === racks ? once / places : -1;
};

geobike.fullestFirst = (found, ...keys) =>
  [...found].sort((a, b) => keys.reduce((order, key) => order || (key(a) === key(b) ? 0 : key(b) - key(a)), 0));

// How many streets can be judged, how many places they lack, and what the figures are.
geobike.parkingFinding = function (page, all) {
  const { data, say } = page;
  const judged = all.filter(({ isJudged }) => isJudged);
  const short = judged.reduce((sum, one) => sum + (one.byHand?.short?.[0] ?? one.short ?? 0), 0);
  const isByHand = all.some(({ byHand }) => byHand); // middles of ranges, which do not add up to the digit
  const needed = { kerb: page.percent(data.racks.needed.kerb), known: page.percent(data.racks.needed.known) };
  const found = judged.length ? say("parking_judged", { n: judged.length, all: all.length, short: isByHand ? say("parking_about", { n: short }) : short }) : say("parking_unjudged");
  const lines = [["gb-parking-found", found], ["gb-why", say("parking_needed", needed)], ["gb-why", say(isByHand ? "parking_by_hand" : "parking_missing")]];
  if (page.period >= 0) lines.push(["gb-why", say("street_whole")]);
  return lines;
};

geobike.parkingSection = function (page, title, found, among) {
  const more = page.say("show_all_rows", { n: found.length });
  const section = geobike.foldedList(title, found, (one) => geobike.parkingRow(page, one, among), { most: geobike.FIRST_PARKING, more });
  section.classList.add("gb-parking-list");
  return section;
};

geobike.parkingRow = function (page, one, among) {
  const { el } = geobike;
  const { kind, street, area } = one;
  const name = street ? geobike.streetName(page, street) : area.name;
  const within = street && page.data.areas[street.area] ? el("span", { className: "gb-where", dir: "auto" }, page.data.areas[street.area].name) : "";
  const button = el(
    "button",
    { type: "button" },
    el("span", {}, el("span", { dir: "auto" }, name), " ", within),
    el("b", {}, geobike.fullness(page, one)),
    el("small", {}, geobike.parkedText(page, one)),
  );
  button.onclick = () => page.choose({ kind, [kind]: one[kind], among }, { zoom: true });
  return el("li", {}, button);
};

// The figure of a row: bicycles per place, as a person counts where one did; so far where it is not judged.
geobike.fullness = function (page, one) {
  const { say, figure } = page;
  if (geobike.isKnown(one.fullness)) return say("per_place", { figure: geobike.countedByHand(page, one, "fullness") });
  if (!geobike.isKnown(one.once)) return say("unknown");
  if (!geobike.hasPressure(one)) return say("detected", { count: figure(one.once, geobike.WHOLE) });
  return say("per_place_so_far", { figure: figure(geobike.soFar(one)) });
};

// Whether bicycles by places are known, at least so far.
geobike.hasPressure = (one) => one.racks > 0 && geobike.soFar(one) >= 0;

// What was detected, as the line below a figure has it: with a decimal where without one the figure
// beside it would not be this number by the places.
geobike.detectedOf = function (page, one) {
  const { figure } = page;
  const byPlaces = geobike.hasPressure(one) && !one.byHand?.fullness;
  const agrees = !byPlaces || figure(Math.round(one.once) / one.places) === figure(geobike.soFar(one));
  return page.say("detected", { count: figure(one.once, { exact: true, digits: agrees ? 0 : 1 }) });
};

geobike.WHOLE = { exact: true, digits: 0 };

// A figure of racks as people count, with its range in brackets; as detected where nobody counted.
geobike.countedByHand = function (page, one, name) {
  const form = name === "short" ? geobike.WHOLE : {};
  const [middle, low, high] = one.byHand?.[name] || [one[name]];
  const text = page.figure(middle, form);
  const between = geobike.isKnown(low) && geobike.isKnown(high) ? geobike.rangeText(page, [low, high], form) : "";
  return between ? `${text} (${between})` : text;
};

// What is known of the places of a street or an area, in a line.
geobike.parkedText = function (page, one) {
  const { say } = page;
  const parts = [];
  if (!one.racks) parts.push(say("no_rack"));
  else parts.push(geobike.hasPressure(one) && geobike.isKnown(one.once) ? geobike.detectedOf(page, one) : "", geobike.isKnown(one.places) ? say("places_of_racks", { n: one.places }) : "");
  parts.push(geobike.verdict(page, one));
  return parts.filter(Boolean).join(" · ");
};

// Whether places lack, or why nobody can say.
geobike.verdict = function (page, one) {
  const { data, say } = page;
  if (!one.isJudged) return say("not_judged", { why: geobike.whyNot(page, one) });
  if (!geobike.isKnown(one.short)) return ""; // of an area whose streets are not known
  const short = say("places_short", { n: one.short, figure: geobike.countedByHand(page, one, "short") });
  return one.free ? `${short}, ${say("places_free", { n: one.free, walk: data.racks.walk })}` : short;
};

geobike.whyNot = function (page, { kerb, racks, known }) {
  const { data, say } = page;
  const { needed } = data.racks;
  const parts = [];
  if (!geobike.isKnown(kerb)) parts.push(say(page.hasStreets ? "why_headings" : "why_streets"));
  else if (kerb < needed.kerb) parts.push(say("why_seen", { seen: geobike.kerbInView(page, kerb), least: page.percent(needed.kerb) }));
  if (racks && known < needed.known * racks - 1e-6) parts.push(say("why_known", { known, n: racks, least: page.percent(needed.known) }));
  return parts.join("; ") || say("not_known");
};

// What is just below the share that is needed is not written as that.
geobike.kerbInView = function (page, kerb) {
  const { needed } = page.data.racks;
  return page.percent(kerb < needed.kerb ? Math.min(kerb, needed.kerb - 0.01) : kerb);
};

// The places to park of what was chosen: the verdict, then its figures.
geobike.parkingDetail = function (page, one) {
  const { el } = geobike;
  const { data, say } = page;
  if (!data.racks || !geobike.isKnown(one.racks)) return "";
  const counted = (name) => (geobike.isKnown(one[name]) ? geobike.countedByHand(page, one, name) : null);
  const ofRacks = one.racks ? one : {};
  const values = {
    fullness: counted("fullness"),
    short: counted("short"),
    free: one.free,
    racks: one.racks,
    places: ofRacks.places,
    known: ofRacks.known,
    near: ofRacks.near,
    kerb: geobike.isKnown(one.kerb) ? geobike.kerbInView(page, one.kerb) : null,
  };
  const lines = Object.entries(values).filter(([, value]) => geobike.isKnown(value));
  const near = say("counts_near", { walk: data.racks.walk });
  const text = (value) => (typeof value === "number" ? page.figure(value, geobike.WHOLE) : value);
  return el(
    "section",
    { className: "gb-parked" },
    el("h3", {}, geobike.ofAllDays(page, "view_racks")),
    el("p", { className: "gb-state" }, geobike.verdict(page, one)),
    geobike.figures(lines.map(([key, value]) => [data.racks.figures[key], say(data.racks.figures[key]), text(value), key === "near" && near])),
  );
};

// Whether the section above shows a metric.
geobike.isOfRacks = ({ data }, { name }) => !!data.racks && Object.values(data.racks.figures).includes(name);

// The racks of a street, each a button that shows it on the map.
geobike.racksOfStreet = function (page, street) {
  const { el } = geobike;
  const { data, say } = page;
  if (!data.racks?.columns.street) return "";
  const { street: streets, near, places, state } = data.racks.columns;
  const found = [...streets.keys()].filter((i) => streets[i] === street.number && state[i] !== "left");
  if (!found.length) return "";
  const name = (i) => (places[i] === null ? say("rack_no_places") : say("rack_of_places", { n: places[i] }));
  const value = (i) => (near[i] === null ? say("rack_not_seen") : say("detected", { count: page.figure(near[i], geobike.WHOLE) }));
  const sorted = geobike.fullestFirst(found, (i) => (near[i] === null ? -1 : near[i]));
  const items = sorted.map((i) => geobike.listed(name(i), value(i), () => page.showRack(i)));
  return el("section", { className: "gb-list" }, el("h3", {}, say("racks_here")), geobike.note(say("racks_here_note", { walk: data.racks.walk }), true), el("ol", {}, ...items));
};
