// The legend, in a corner of the map; closed where it would cover much of the map. Its bars are a
// histogram: how many areas each class holds.
"use strict";

geobike.legend = function (page) {
  const { el } = geobike;
  const { map } = page;
  const title = el("summary");
  const classes = el("ul", { className: "gb-classes" });
  const key = el("ul", { className: "gb-classes gb-photo-key" });
  const wide = map.getSize().x >= 580 && map.getSize().y >= 420;
  const legend = el("details", { className: "gb-legend", open: wide }, title, classes, key);
  const fill = ({ period } = {}) => {
    // Where the choice of a day lies below it, that stays where it is.
    if (period !== undefined) legend.style.minHeight = period < 0 || map.getContainer().contains(legend) ? "" : `${legend.getBoundingClientRect().height}px`;
    title.textContent = geobike.legendTitle(page);
    classes.replaceChildren(...geobike.legendClasses(page));
    key.replaceChildren(...geobike.placeKey(page));
    key.hidden = !key.children.length;
  };
  page.onChange(fill);
  page.onRibbons = fill;
  map.on("layeradd layerremove", ({ layer }) => layer === page.placeLayer && fill());
  map.on("moveend", () => key.replaceChildren(...geobike.placeKey(page)));

  // It scrolls before it covers the buttons above it.
  const room = () => legend.style.setProperty("--gb-room", `${Math.max(map.getSize().y - 155, 120)}px`);
  map.on("resize", room);
  room();
  const control = L.control({ position: "bottomleft" });
  control.onAdd = () => {
    L.DomEvent.disableClickPropagation(legend);
    L.DomEvent.disableScrollPropagation(legend);
    return legend;
  };
  control.addTo(map);
  geobike.belowMap(map, legend, wide);
  return legend;
};

// On a phone the legend lies below the map, most of which it would cover; there it is open.
geobike.belowMap = function (map, legend, wide) {
  const narrow = matchMedia("screen and (max-width: 700px)");
  const corner = legend.parentNode;
  const place = () => {
    if (matchMedia("print").matches) return; // paper has its own place for it
    legend.open = narrow.matches || wide;
    legend.style.minHeight = "";
    if (narrow.matches) map.getContainer().after(legend);
    else corner.prepend(legend); // above the scale
  };
  narrow.addEventListener("change", place);
  if (narrow.matches) place();
};

geobike.legendTitle = function (page) {
  if (page.surface === "streets") return geobike.ofAllDays(page, "per_100m");
  if (page.surface === "heat") return page.say("layer_heat");
  if (page.surface === "areas" && page.byGroup) return page.say("by_group");
  return page.nameOf(page.metric);
};

// A line of the legend; of a class whose areas are partly pale, with both of its colours.
geobike.legendItem = function (colour, text, count, most, pale) {
  const { el } = geobike;
  const swatch = el("i", { className: "gb-swatch" });
  if (!colour.startsWith("#")) swatch.classList.add(colour);
  else swatch.style.background = pale ? `linear-gradient(90deg, ${colour} 50%, ${pale} 50%)` : colour;
  const item = el("li", {}, swatch, el("span", {}, text));
  if (count === undefined) return item;
  const bar = el("span", { className: "gb-count" }, el("i"), String(count));
  bar.firstChild.style.width = `${(44 * count) / most}px`;
  item.append(bar);
  return item;
};

// What the bars count, above them.
geobike.barsHead = (page, key) => geobike.el("li", { className: "gb-bars-head" }, page.say(key));

// The classes of values, as many as `values` fill them.
geobike.histogram = function (page, classes, values, shade = (colour) => [colour]) {
  const rows = geobike.rangesOf(page, classes, values);
  const most = Math.max(...rows.map(({ count }) => count), 1);
  return rows.map(({ colour, text, count }) => {
    const [full, pale] = shade(colour);
    return geobike.legendItem(full, text, count, most, pale);
  });
};

// A colour of the areas as one sees it: above a background of the user's they let some of it through.
geobike.seenAs = ({ data }, colour) => (data.basemap ? geobike.mixed(colour, geobike.GROUND, geobike.OVER_BASEMAP) : colour);

geobike.legendClasses = function (page) {
  const { el } = geobike;
  const { data, metric, say } = page;
  const note = (text) => el("li", { className: "gb-legend-note" }, text);
  if (page.surface === "heat") return [note(say("heat_meaning")), ...geobike.bareKey(page)];
  if (page.surface === "hexbins") {
    const size = note(say("hexbin_size", { metres: page.hexbins.metres }));
    const classes = geobike.histogram(page, page.hexbins.classes(), page.hexbins.values());
    return [size, geobike.barsHead(page, "bars_hexbins"), ...classes, ...geobike.bareKey(page)];
  }
  if (page.surface === "streets") return [...geobike.streetKey(page), ...geobike.bareKey(page)];
  const values = geobike.comparedValues(page, metric);
  const key = page.byGroup ? [] : geobike.paleKey(page);
  const shade = (colour) => (key.length ? [colour, geobike.pale(colour)] : [colour]).map((each) => geobike.seenAs(page, each));
  const items = page.byGroup ? geobike.groupKey(page) : geobike.histogram(page, page.classesOf(metric), values, shade);
  items.unshift(geobike.barsHead(page, "bars_areas"));
  items.push(...key);
  const found = data.areas.map((area) => geobike.valueOf(page, area, metric));
  const states = ["thin", "too_thin", "few", "missing", "none"].filter((state) => found.includes(state));
  return [...items, ...states.map((state) => geobike.legendItem("gb-" + state, geobike.stateText(page, state)))];
};

// The hatch of areas that no photo shows, which other surfaces have below them too.
geobike.bareKey = function (page) {
  if (!page.data.areas.some((area) => geobike.isBare(page, area))) return [];
  return [geobike.legendItem("gb-none", page.surface === "streets" ? page.say("none") : geobike.stateText(page, "none"))];
};

// What a full and a pale shade mean, by the darkest colour that is pale on the map; where none is, nothing.
geobike.paleKey = function (page) {
  const { data, metric, say } = page;
  const value = (area) => geobike.valueOf(page, area, metric);
  const unsure = data.areas.filter((area) => Number.isFinite(value(area)) && geobike.isUnsure(page, area));
  if (!unsure.length) return [];
  const colour = geobike.colourOf(page.classesOf(metric), Math.max(...unsure.map(value)));
  const average = page.figure(geobike.average(page, metric), metric);
  const pale = geobike.legendItem(geobike.seenAs(page, geobike.pale(colour)), say("pale_meaning", { average }));
  return page.period < 0 ? [geobike.legendItem(geobike.seenAs(page, colour), say("full_meaning")), pale] : [pale];
};

geobike.groupKey = function (page) {
  const { say } = page;
  const groups = [...page.groups(page.metric).values()];
  const count = (wanted) => groups.filter((group) => group === wanted).length;
  const most = Math.max(...[1, 0, -1].map(count), 1);
  const words = { 1: "clearly_more", 0: "cannot_tell", "-1": "clearly_fewer" };
  return [1, 0, -1].map((group) => geobike.legendItem(geobike.seenAs(page, geobike.GROUPS[group]), say(words[group]), count(group), most));
};

geobike.streetKey = function (page) {
  const rates = page.data.streets.map(({ rate }) => rate).filter(Number.isFinite);
  const key = [geobike.barsHead(page, "bars_streets"), ...geobike.histogram(page, page.streetClasses, rates)];
  if (page.data.streets.some(({ seen }) => seen)) key.push(geobike.legendItem(geobike.UNSEEN, page.say("street_unseen")));
  return key;
};

// A total with each place once is of the whole survey: a day has none. Photos of an area may be of other days.
geobike.stateText = function ({ data, metric, period, say }, state) {
  if (state === "none" && period >= 0) return say(data.periods[period].length === 10 ? "none_day" : "none_period");
  const whole = state === "missing" && period >= 0 && !geobike.isOfPeriods(data, metric);
  return say(whole ? "whole_only" : state, { n: data.min_photos });
};

geobike.farButton = function (page) {
  const onclick = () => geobike.showFar(page);
  return geobike.el("button", { type: "button", className: "gb-far", onclick }, page.say("far_photos", { n: page.farPhotos.length }));
};

// What the circles mean, or why there are none; and the ribbons where they are drawn with the areas.
geobike.placeKey = function (page) {
  const { el } = geobike;
  const { data, map, say } = page;
  const items = [];
  const dot = (name, text) => el("li", {}, el("i", { className: `gb-dot gb-${name}` }), el("span", {}, text));
  if (map.hasLayer(page.placeLayer) && data.places.n && ["areas", "streets"].includes(page.surface)) {
    if (page.crowded) items.push(el("li", { className: "gb-legend-note" }, say("places_hidden")));
    else {
      if (data.places.things.some((things) => things > 0)) items.push(dot("key", say("place_key")));
      if (data.places.things.some((things, i) => things === 0 && data.places.visits[i])) items.push(dot("key_zero", say("place_key_zero")));
      if (data.photos.count?.some((count) => count < 0)) items.push(dot("key_other", say("photo_key_other")));
      if (page.farPhotos.length) items.push(el("li", {}, geobike.farButton(page)));
    }
  }
  if (page.ribbons && page.surface === "areas") {
    items.push(el("li", { className: "gb-legend-note" }, geobike.ofAllDays(page, "per_100m")), ...geobike.streetKey(page));
  }
  return items;
};
