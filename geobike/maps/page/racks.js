// Bicycle racks: circles of their own colour; the larger, the more places; below the places.
"use strict";

geobike.MOST_REACHABLE_RACKS = 500; // more are drawn on a canvas, for the mouse alone

geobike.racks = function (page) {
  const { map, data } = page;
  if (!data.racks) return;
  const { lon } = data.racks.columns;
  const pane = map.createPane("gb-racks");
  pane.style.zIndex = 440; // above the areas, below the places
  const few = lon.length <= geobike.MOST_REACHABLE_RACKS;
  const renderer = few ? L.svg({ pane: "gb-racks" }) : L.canvas({ pane: "gb-racks" });
  const circles = lon.map((_, i) => geobike.rack(page, i, renderer, few));
  page.rackLayer = L.featureGroup(circles); // with one tooltip for all
  const tip = ({ number }) => geobike.rackText(page, number);
  page.rackLayer.bindTooltip(tip, { sticky: true, className: "gb-tip gb-rack-tip" });
  page.showRack = (i) => {
    if (!map.hasLayer(page.rackLayer)) document.querySelector(".gb-layers [value=racks]").click();
    map.setView([data.racks.columns.lat[i], lon[i]], Math.max(map.getZoom(), 17), { animate: false });
    circles[i].openPopup();
  };
  page.onChange(({ view }) => {
    if (!view) return;
    pane.style.zIndex = view === "racks" ? 455 : 440; // where racks are listed they lie above the places
    pane.classList.toggle("gb-above", view === "racks");
  });
  page.rackLayer.on("add", () => geobike.rove(pane, ".gb-rack"));
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !document.querySelector(".leaflet-popup")) return;
    event.stopImmediatePropagation(); // the panel stays as it is
    map.closePopup();
  });
  page.layers.push({ key: "racks", text: page.say("layer_racks"), layer: page.rackLayer, on: true });
};

geobike.rack = function (page, i, renderer, few) {
  const { lon, lat, places, state } = page.data.racks.columns;
  const known = state[i] === "places";
  const circle = L.circleMarker([lat[i], lon[i]], {
    renderer,
    pane: "gb-racks",
    radius: known ? Math.min(4 + 1.3 * Math.sqrt(places[i]), 22) : 6,
    weight: 2,
    dashArray: state[i] === "unknown" ? "3 3" : null,
    color: state[i] === "left" ? "#6b7280" : "#6d28d9",
    fillColor: "#a78bfa",
    fillOpacity: known ? 0.45 : 0,
    className: "gb-rack",
  });
  circle.number = i;
  const clear = { maxWidth: 320, autoPanPaddingTopLeft: [55, 12], autoPanPaddingBottomRight: [12, 12] }; // of the zoom buttons
  circle.bindPopup(() => geobike.rackText(page, i), clear);
  return few ? geobike.reachable(circle, geobike.rackLines(page, i).join(" ")) : circle;
};

// A circle as a button: named, opened by Enter or space.
geobike.reachable = function (circle, name) {
  circle.on("add", () => {
    const shape = circle.getElement();
    shape.setAttribute("role", "button");
    shape.setAttribute("aria-label", name);
    shape.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      circle.openPopup();
    });
  });
  return circle;
};

geobike.rackText = function (page, i) {
  const [first, ...rest] = geobike.rackLines(page, i);
  const { el } = geobike;
  return el("div", {}, el("strong", {}, first), ...rest.map((line) => el("div", { dir: "auto" }, line)));
};

// What is known of a rack, as sentences.
geobike.rackLines = function (page, i) {
  const { data, say, whole, things } = page;
  const { walk, columns } = data.racks;
  const { places, near, date, why, street } = Object.fromEntries(
    Object.entries(columns).map(([name, column]) => [name, column[i]]),
  );
  const lines = [places === null ? say("rack_unknown") : say("rack_places", { n: places })];
  if (data.streets[street]) lines.push(geobike.streetName(page, data.streets[street]));
  if (date !== null && places !== null) lines.push(say("rack_date", { date: page.date(date) }));
  if (why !== null) lines.push(say("rack_left_" + why.replaceAll(" ", "_")));
  else if (near === null) lines.push(say("rack_unseen"));
  else lines.push(say("rack_near", { bicycles: things(Math.round(near)), walk: whole(walk) }));
  if (why === null && near !== null && places) lines.push(say("rack_fullness", { figure: page.figure(near / places) }));
  return lines;
};

// The key of the racks, in the legend while they are shown.
geobike.rackKey = function (page) {
  const { map, rackLayer } = page;
  if (!rackLayer) return;
  const key = geobike.el("ul", { className: "gb-classes gb-photo-key gb-rack-key" });
  const fill = () => {
    key.replaceChildren(...geobike.shownRackKey(page));
    key.hidden = !key.children.length;
  };
  fill();
  page.legend.append(key);
  map.on("layeradd layerremove", ({ layer }) => layer === rackLayer && fill());
};

geobike.shownRackKey = function ({ map, data, say, rackLayer }) {
  if (!rackLayer || !map.hasLayer(rackLayer)) return [];
  const { el } = geobike;
  const present = ["places", "unknown", "left"].filter((state) => data.racks.columns.state.includes(state));
  return present.map((state) => el("li", {}, el("i", { className: `gb-dot gb-rack-${state}` }), el("span", {}, say("rack_key_" + state))));
};

// What figures of racks mean, among the notes.
geobike.rackNote = ({ data, say }) =>
  data.racks ? geobike.el("p", { className: "gb-racks" }, say("racks_note")) : "";
