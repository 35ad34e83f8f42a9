// What the reader chose: an area, a street, or a place, with its figures and its photos.
"use strict";

geobike.detail = function (page) {
  const { el } = geobike;
  const { chosen, say } = page;
  const made = { area: geobike.areaDetail, street: geobike.streetDetail, place: geobike.placeDetail }[chosen.kind](page);
  const back = el("button", { type: "button", className: "gb-back" }, "← " + say(page.view === "racks" ? "view_racks" : "back"));
  back.onclick = () => page.close();
  const bar = el("div", { className: "gb-detail-bar" }, back, ...geobike.neighbours(page));
  const title = el("h2", { tabIndex: -1, dir: "auto" }, made.title);
  const period = page.period < 0 ? "" : el("p", { className: "gb-when" }, page.date(page.data.periods[page.period]));
  return [bar, title, period, ...made.parts, geobike.strip(page, made)].filter((part) => part !== "");
};

// To the area before and after, in the order of the table; so too for streets, by their figure, and for
// what a list holds.
geobike.neighbours = function (page) {
  const { chosen, say } = page;
  const list = chosen.among || { area: page.ordered || [], street: geobike.rankedStreets(page) }[chosen.kind];
  if (!list || list.length < 2) return [];
  const at = list.indexOf(chosen.kind === "place" ? chosen.places[0] : chosen[chosen.kind]);
  const button = (key, text, step) => {
    const to = list[at + step];
    const made = geobike.el("button", { type: "button", title: say(key), "aria-label": say(key), disabled: at < 0 || !to }, text);
    const other = chosen.kind === "place" ? { places: [to] } : { [chosen.kind]: to };
    made.onclick = () => page.choose({ kind: chosen.kind, ...other, among: chosen.among }, { zoom: true });
    return made;
  };
  return [geobike.el("span", {}, button("previous", "‹", -1), button("next", "›", 1))];
};

// Figures by name; what one counts stands below its name, for the same bicycles are summed up in several ways.
geobike.figures = function (lines) {
  const { el } = geobike;
  const name = (text, counts) => el("dt", {}, text, counts ? el("small", {}, counts) : "");
  const parts = lines.flatMap(([key, text, value, counts]) => [name(text, counts), el("dd", { "data-metric": key }, value)]);
  return el("dl", {}, ...parts);
};

geobike.areaDetail = function (page, { area } = page.chosen) {
  const { el } = geobike;
  const { data, say, metric } = page;
  const hidden = geobike.isHidden(page, area);
  const range = geobike.rangeOf(page, area, metric);
  const main = hidden
    ? ""
    : el(
        "div",
        { className: "gb-main" },
        el("strong", { "data-metric": metric.name }, geobike.areaFigure(page, area, metric)),
        el("span", {}, " " + page.innerNameOf(metric)),
        el("small", {}, geobike.whatCounts(page, area, metric)),
        range ? el("p", { title: geobike.rangeMeaning(page) }, geobike.rangeText(page, range, metric)) : "",
        geobike.bar(page, area, geobike.barScale(page)),
        geobike.averageText(page, area),
      );
  const state = el("p", { className: "gb-state" }, geobike.stateOf(page, area));
  const number = data.areas.indexOf(area);
  const border = geobike.borderOf(page, number);
  const lines = page
    .metricsIn("popup")
    .filter((one) => (one.tellsLooking || !hidden) && one !== metric && !geobike.isOfRacks(page, one))
    .filter((one) => area.figures[one.name] !== null && area.figures[one.name] !== undefined)
    .map((one) => [one.name, page.nameOf(one), geobike.figureWithRange(page, area, one), geobike.whatCounts(page, area, one, border)]);
  for (const name of data.needed) lines.push([name, say(name), page.figure(area.figures[name], { exact: true, digits: 0 })]);
  if (page.period < 0) {
    for (const key of ["first", "last"]) if (area[key]) lines.push([key, say(key), page.date(area[key])]);
  }
  const photos = geobike.photosWhere(page, (i) => data.photos.area[i] === number);
  const ridden = photos.reduce((sum, i) => sum + (data.photos.ridden?.[i] ?? 0), 0);
  if (ridden) lines.push(["ridden", say("ridden_here"), say("ridden", { n: ridden })]);
  return {
    title: area.name,
    parts: [main, state, geobike.figures(lines), geobike.parkingDetail(page, geobike.parkingOfArea(page, area)), geobike.fullest(page, number)],
    photos,
    border,
  };
};

geobike.figureWithRange = function (page, area, metric) {
  const range = geobike.rangeOf(page, area, metric);
  const text = geobike.areaFigure(page, area, metric);
  const between = range && geobike.rangeText(page, range, metric);
  return between ? `${text} (${between})` : text;
};

// What a figure of an area counts, in a few words; empty where its name says it.
geobike.whatCounts = function ({ data, say }, { figures }, { name }, border) {
  const { roles } = data;
  if (name === roles.things && border?.shown.size) {
    return say("counts_photos_border", { own: figures[name] - border.within, beyond: border.within });
  }
  if (name === roles.stops) return Number.isInteger(figures[name]) ? "" : say("counts_stops");
  if (data.estimates?.of === name || name === data.metrics.find(({ denominator }) => denominator === roles.stops)?.name) return say("counts_per_stop");
  return { [roles.once]: say("counts_in_area"), [roles.things]: say("counts_photos") }[name] || "";
};

// Photos from across the border that show a part of an area, each with its bicycles there, the fullest
// first; how many that are; and how many on photos taken in the area stand beyond its border.
geobike.borderOf = function (page, number) {
  const { across, area } = page.data.photos;
  const found = [];
  let beyond = 0;
  for (let k = 0; k < (across?.n || 0); k++) {
    const i = across.photo[k];
    if (!page.isShown(i)) continue;
    if (across.area[k] === number) found.push([i, across.things[k]]);
    else if (area[i] === number) beyond += across.things[k];
  }
  found.sort((a, b) => b[1] - a[1]);
  return { shown: new Map(found), within: found.reduce((sum, [, n]) => sum + n, 0), beyond };
};

// How the area compares with the average, in words.
geobike.averageText = function (page, area) {
  const { el } = geobike;
  const { say } = page;
  const average = geobike.average(page, page.metric);
  const lines = [];
  const group = geobike.groupOf(page, area);
  if (group !== undefined) lines.push(say({ 1: "group_more", 0: "group_same", "-1": "group_fewer" }[group]));
  if (average !== null) lines.push(say("average_is", { average: page.figure(average, page.metric) }));
  if (page.period < 0 && area.rank) {
    const all = page.data.areas.filter(({ rank }) => rank).length;
    const [low, high] = area.rank;
    lines.push(low === high ? say("rank_one", { low, all }) : say("rank", { low, high, all }));
  }
  return el("p", { className: "gb-compared" }, lines.join(" "));
};

// The streets of an area in which most was detected; its places where there are no streets.
geobike.fullest = function (page, number) {
  const { data, say } = page;
  if (page.hasStreets) {
    const found = geobike.rankedStreets(page).filter((street) => geobike.areasOf(street).includes(number));
    if (!found.length) return "";
    const item = (street) => {
      const onclick = () => page.choose({ kind: "street", street, among: found }, { zoom: true });
      return geobike.listed(geobike.streetIn(page, street), page.figure(street.rate), onclick);
    };
    const full = found.filter(({ rate }) => rate > 0).length;
    const more = say("show_streets", { n: found.length });
    return geobike.foldedList(geobike.ofAllDays(page, "fullest_streets"), found, item, { most: Math.min(Math.max(full, 1), 5), more });
  }
  const { places } = data;
  const found = [];
  for (let i = 0; i < places.n; i++) if (places.area[i] === number && places.things[i] > 0) found.push(i);
  if (!found.length) return "";
  return geobike.placeList(page, found, { most: 5, title: say("fullest_places"), numbered: true });
};

// The areas that a street is one of those seen in; on a border these are several.
geobike.areasOf = ({ areas, area }) => areas || [area];

geobike.streetIn = function (page, street) {
  const name = geobike.streetName(page, street);
  return geobike.areasOf(street).length > 1 ? page.say("street_on_border", { name }) : name;
};

// Places from the fullest, each a button that opens it.
geobike.placeList = function (page, numbers, { most = geobike.FIRST_PLACES, title = "", numbered = false } = {}) {
  const { data, say } = page;
  const { places } = data;
  const sorted = [...numbers].sort((a, b) => places.things[b] - places.things[a]);
  const names = numbered ? [] : geobike.namesOfPlaces(page, sorted);
  const item = (i, k) => {
    const onclick = () => page.choose({ kind: "place", places: [i], among: sorted }, { zoom: true });
    return geobike.listed(names[k] || say("place_number", { number: k + 1 }), page.short(places.things[i]), onclick);
  };
  const shown = numbered ? sorted.slice(0, most) : sorted;
  const more = say("show_places", { n: sorted.length });
  return geobike.foldedList(title || say("places_here"), shown, item, { most, more });
};

// A list under its title: the first rows, and the others when asked for. `make` gets what a row shows
// and its number.
geobike.foldedList = function (title, shown, make, { most, more }) {
  const { el } = geobike;
  const list = el("ol", {}, ...shown.slice(0, most).map(make));
  const button = el("button", { type: "button", className: "gb-more" }, more);
  button.onclick = () => {
    list.append(...shown.slice(most).map((one, k) => make(one, k + most)));
    button.remove();
  };
  const rest = shown.length > most ? [button] : [];
  return el("section", { className: "gb-list" }, el("h3", {}, title), list, ...rest);
};

geobike.FIRST_PLACES = 12;

geobike.listed = (text, value, onclick) =>
  geobike.el("li", {}, geobike.el("button", { type: "button", onclick }, geobike.el("span", { dir: "auto" }, text), geobike.el("b", {}, value)));

geobike.rankedStreets = (page) =>
  (page.rankedStreets ||= [...page.data.streets].sort((a, b) => (b.rate ?? -1) - (a.rate ?? -1)));

geobike.streetDetail = function (page, { street } = page.chosen) {
  const { data, say } = page;
  const exact = { exact: true, digits: 0 };
  const areas = geobike.areasOf(street).filter((k) => k >= 0).map((k) => data.areas[k].name);
  const lines = [
    ["rate", say("per_100m"), page.figure(street.rate), say("counts_per_100m")],
    ["once", say("street_once"), page.figure(street.once), say("counts_in_street")],
    ["stops", say("stops_name"), page.figure(street.stops, exact)],
    ["share", say("street_share"), page.percent(street.share)],
    ["length", say("street_length"), `${page.whole(street.length)} m`],
  ];
  if (areas.length) lines.push(["area", say("area"), areas.join(", ")]);
  const inStreet = (i) => data.photos.place[i] >= 0 && data.places.street[data.photos.place[i]] === street.number;
  return {
    title: geobike.streetName(page, street),
    parts: [
      geobike.figures(lines),
      geobike.note(say("street_whole"), page.period >= 0),
      geobike.parkingDetail(page, geobike.parkingOfStreet(street)),
      geobike.racksOfStreet(page, street),
    ],
    photos: geobike.photosWhere(page, inStreet),
  };
};

geobike.note = (text, shown) => (shown ? geobike.el("p", { className: "gb-why" }, text) : "");

geobike.placeDetail = function (page, { places: numbers } = page.chosen) {
  const { data, say } = page;
  const { places } = data;
  const sum = (column) => numbers.reduce((total, i) => total + column[i], 0);
  const detected = sum(places.things);
  const lines = [
    ["things", say("detected_here"), Number.isInteger(detected) ? page.whole(detected) : page.figure(detected), say("counts_in_place")],
    ["photos", say("photos_name"), page.whole(sum(places.photos))],
  ];
  const streets = numbers.map((i) => data.streets[places.street[i]]).filter(Boolean);
  const names = [...new Set(streets.map(({ name }) => name || say("unnamed_street")))]; // pieces of one street once
  const areas = [...new Set(numbers.map((i) => places.area[i]))].filter((k) => k >= 0).map((k) => data.areas[k].name);
  if (names.length) lines.push(["street", say("street"), names.join(", ")]);
  if (areas.length) lines.push(["area", say("area"), areas.join(", ")]);
  return {
    title: numbers.length > 1 ? say("places", { n: numbers.length }) : streets.length ? geobike.placeAlong(page, numbers[0]) : say("place"),
    parts: [
      geobike.figures(lines),
      numbers.length > 1 ? geobike.placeList(page, numbers) : "",
    ],
    photos: geobike.photosWhere(page, (i) => numbers.includes(data.photos.place[i])),
  };
};
