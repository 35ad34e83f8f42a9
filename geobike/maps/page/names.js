// Names on the map: of areas with their figure, and of streets and water along them. Areas that were
// seen come first, then larger ones; a name that would lie on another, or outside its area, is left out until one zooms in.
"use strict";

geobike.names = function (page) {
  const { map, data } = page;
  const pane = map.createPane("gb-names");
  pane.style.zIndex = 460; // above the circles: the text has an edge that keeps both readable
  pane.setAttribute("aria-hidden", "true"); // the table has the same names in order
  const layer = L.layerGroup();
  const sized = data.areas.filter(({ centre }) => centre);
  const extent = ({ shape }) => {
    const bounds = shape.getBounds();
    return (bounds.getEast() - bounds.getWest()) * (bounds.getNorth() - bounds.getSouth());
  };
  const isSeen = (area) => !geobike.isUnseen(data, area);
  sized.sort((a, b) => isSeen(b) - isSeen(a) || extent(b) - extent(a));
  const draw = () => {
    layer.clearLayers();
    if (!page.isComplete || !map.hasLayer(layer)) return;
    const taken = [];
    const circles = geobike.circleBoxes(page);
    for (const area of sized) geobike.areaName(page, area, taken, layer, circles);
    taken.push(...circles); // along a street there is no other place to go
    for (const line of geobike.lineNames(page)) geobike.lineName(page, line, taken, layer);
  };
  layer.on("add", draw);
  map.on("moveend", draw);
  page.onChange(draw);
  page.layers.push({ key: "names", text: page.say("layer_names"), layer, on: true });
};

// Where circles lie, in pixels of the layer; a name keeps clear of them where it can.
geobike.circleBoxes = function ({ map }) {
  const boxes = [];
  for (const spot of map.getPane("gb-places").children) {
    const { x, y } = L.DomUtil.getPosition(spot) || {};
    const half = spot.offsetWidth / 2;
    if (x !== undefined) boxes.push([x - half, y - half, x + half, y + half]);
  }
  return boxes;
};

// The name of an area with its figure, inside the area; on fewer pixels the figure alone, or nothing.
geobike.areaName = function (page, area, taken, layer, circles) {
  const { map } = page;
  if (!map.getBounds().contains([area.centre[1], area.centre[0]])) return;
  const corners = area.shape.getBounds();
  const room = map.latLngToLayerPoint(corners.getSouthEast()).subtract(map.latLngToLayerPoint(corners.getNorthWest()));
  const rings = geobike.ringsOf(map, area.shape);
  for (const { parts, size } of geobike.nameForms(page, area)) {
    if (size[0] > 1.35 * room.x || size[1] > room.y) continue;
    const least = geobike.leastInside(page, area);
    const place = geobike.clearPlace(map, area.centre, size, rings, circles, taken, least);
    if (!place) continue;
    const made = geobike.el("div", { className: "gb-name" }, ...parts);
    made.classList.toggle("gb-light-ink", geobike.isOnDark(page, area));
    made.classList.toggle("gb-on-ground", geobike.isOnGround(page, area));
    made.dataset.area = area.id;
    if (geobike.write(page, place, size, made, taken, layer)) return;
  }
};

// Whether a name lies on a hatch or on the ground of the map, which are dark on a dark page.
geobike.isOnGround = function (page, area) {
  if (page.isOnCanvas || page.data.basemap || page.data.tiles) return false;
  return page.surface !== "areas" || !Number.isFinite(geobike.valueOf(page, area, page.metric));
};

geobike.isOnDark = function (page, area) {
  const value = geobike.valueOf(page, area, page.metric);
  return page.surface === "areas" && Number.isFinite(value) && geobike.isDark(geobike.fill(page, area));
};

// How a name may be written, the fullest first, each with its size in pixels: on one line, a word on
// each line, the figure alone.
geobike.nameForms = function (page, area) {
  const value = geobike.valueOf(page, area, page.metric);
  const shown = page.surface === "areas" && (Number.isFinite(value) || ["thin", "few"].includes(value));
  const figure = shown ? geobike.areaFigure(page, area, page.metric) : "";
  const words = area.name.match(/[^ -]*-+|[^ -]+/g) || [area.name]; // "Centrum-" and "Oost" too
  const texts = [[area.name], ...(words.length > 1 ? [words] : []), ...(shown ? [[]] : [])];
  return texts.map((lines) => {
    const wide = Math.max(...[...lines, figure].map(geobike.textWidth));
    const name = geobike.el("span", { dir: "auto" }, lines.join("\n"));
    const parts = [...(lines.length ? [name] : []), ...(shown ? [geobike.el("b", {}, figure)] : [])];
    return { parts, size: [wide + 4, 14 * (lines.length + (shown ? 1 : 0)) + 1] };
  });
};

// How wide the browser draws a name.
geobike.textWidth = function (text) {
  geobike.ruler ||= geobike.el("canvas").getContext("2d");
  geobike.ruler.font = `600 ${geobike.wide() ? 12.5 : 11}px ${geobike.FONT}`;
  return geobike.ruler.measureText(text).width;
};

// The rings of a shape in pixels of the layer.
geobike.ringsOf = (map, shape) => geobike.ringsIn(shape).map((ring) => ring.map((each) => map.latLngToLayerPoint(each)));

geobike.ringsIn = (shape) => {
  const rings = (list) => (Array.isArray(list[0]) ? list.flatMap(rings) : [list]);
  return rings(shape.getLatLngs());
};

// Where a level line crosses rings: left of a point inside, holes left out, lies an odd number of these.
geobike.crossings = function (rings, y) {
  const found = [];
  for (const ring of rings) {
    for (let i = 0, j = ring.length - 1; i < ring.length; j = i++) {
      const [a, b] = [ring[i], ring[j]];
      if (a.y > y !== b.y > y) found.push(((b.x - a.x) * (y - a.y)) / (b.y - a.y) + a.x);
    }
  }
  return found;
};

geobike.isAmong = (crossings, x) => crossings.reduce((odd, at) => odd !== at < x, false);

// Whether white text is read better on a colour: its luminance (WCAG 2.2) is below that of mid grey.
geobike.isDark = function (colour) {
  const [red, green, blue] = [1, 3, 5].map((at) => (parseInt(colour.slice(at, at + 2), 16) / 255) ** 2.2);
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue < 0.18;
};

// How much of a name lies in its area: if more hangs over a neighbour it seems to be its name. Where few
// areas were seen one looks for these, and their neighbours are hatched. On a telephone names are smaller.
geobike.leastInside = function (page, area) {
  const { areas } = page.data;
  const isUnseen = (each) => geobike.isUnseen(page.data, each);
  page.fewSeen ??= areas.filter(isUnseen).length > areas.length / 2;
  if (!geobike.wide()) return 0.75;
  return page.fewSeen && !isUnseen(area) ? 0.7 : 0.85;
};

// The place near an area's middle where a text of this size lies inside, on no other name, and covers
// least; null where there is none.
geobike.clearPlace = function (map, [lon, lat], [wide, high], rings, circles, taken, least) {
  const { x, y } = map.latLngToLayerPoint([lat, lon]);
  const levels = new Map(); // the places beside each other share their lines
  const across = (level) => levels.get(level) || levels.set(level, geobike.crossings(rings, level)).get(level);
  const overlap = (mine, box) => Math.max(0, Math.min(mine[2], box[2]) - Math.max(mine[0], box[0])) * Math.max(0, Math.min(mine[3], box[3]) - Math.max(mine[1], box[1]));
  let best = { cost: Infinity };
  for (const dy of [0, -7, 7, -14, 14, -21, 21, -28, 28, -42, 42]) {
    for (const dx of [0, -9, 9, -18, 18, -27, 27, -36, 36]) {
      const away = 2 * Math.hypot(dx, 1.5 * dy);
      if (away >= best.cost) continue;
      const mine = [x + dx - wide / 2, y + dy - high / 2, x + dx + wide / 2, y + dy + high / 2];
      if (taken.some((box) => overlap(mine, box))) continue;
      const inside = geobike.shareInside(across, mine);
      if (inside < least) continue;
      const covered = circles.reduce((sum, box) => sum + overlap(mine, box), 0);
      const cost = covered + (1 - inside) * wide * high + away;
      if (cost < best.cost) best = { cost, at: [x + dx, y + dy] };
    }
  }
  return best.at ? map.layerPointToLatLng(best.at) : null;
};

// How much of a box lies inside an area, by points of a grid; 0 where its middle does not.
geobike.shareInside = function (across, [left, top, right, bottom]) {
  if (!geobike.isAmong(across((top + bottom) / 2), (left + right) / 2)) return 0;
  const at = [0, 0.25, 0.5, 0.75, 1];
  let count = 0;
  for (const v of at) {
    const crossings = across(top + v * (bottom - top));
    for (const u of at) count += geobike.isAmong(crossings, left + u * (right - left));
  }
  return count / at.length ** 2;
};

// Text in the middle of `place`, if nothing lies there yet; whether it was written.
geobike.write = function ({ map }, place, [wide, high], made, taken, layer) {
  const { x, y } = map.latLngToLayerPoint(place);
  const box = [x - wide / 2, y - high / 2, x + wide / 2, y + high / 2];
  const meets = (other) => box[0] < other[2] && other[0] < box[2] && box[1] < other[3] && other[1] < box[3];
  if (taken.some(meets)) return false;
  taken.push(box);
  made.style.width = `${wide + 20}px`;
  const icon = L.divIcon({ html: made, className: "gb-written", iconSize: [wide + 20, high] });
  layer.addLayer(L.marker(place, { icon, pane: "gb-names", interactive: false, keyboard: false }));
  return true;
};

// The names of lines in view, each with the straight parts that it fits on, from the longest.
geobike.lineNames = function ({ map, namedLines }) {
  const view = map.getBounds();
  const found = new Map();
  for (const { name, points } of namedLines) {
    if (!points.some((point) => view.contains(point))) continue;
    const pixels = points.map((point) => map.latLngToLayerPoint(point));
    const parts = geobike.straightParts(pixels).filter(({ length }) => length >= 7 * name.length + 16);
    if (parts.length) found.set(name, [...(found.get(name) || []), ...parts]);
  }
  const longest = (a, b) => b.length - a.length;
  const lines = [...found].map(([name, parts]) => ({ name, parts: parts.sort(longest) }));
  return lines.sort((a, b) => longest(a.parts[0], b.parts[0])).slice(0, 60);
};

// The straight pieces of a line in pixels: where each begins, its step, its length, its angle.
geobike.straightParts = (pixels) =>
  pixels.slice(1).map((pixel, k) => {
    const step = pixel.subtract(pixels[k]);
    let angle = (Math.atan2(step.y, step.x) * 180) / Math.PI;
    if (angle > 90) angle -= 180;
    if (angle < -90) angle += 180;
    return { from: pixels[k], step, length: Math.hypot(step.x, step.y), angle };
  });

// A name once, at the first place along its line where nothing lies; between circles there may be room.
geobike.lineName = function (page, { name, parts }, taken, layer) {
  const long = 6 * name.length;
  for (const { from, step, length, angle } of parts.slice(0, 4)) {
    const turned = (Math.abs(angle) * Math.PI) / 180;
    const size = [long * Math.cos(turned) + 12, long * Math.sin(turned) + 12];
    for (const share of [0.5, 0.35, 0.65, 0.22, 0.78]) {
      if (Math.min(share, 1 - share) * length < long / 2) continue;
      const text = geobike.el("span", { dir: "auto" }, name);
      text.style.transform = `rotate(${angle.toFixed(1)}deg)`;
      const made = geobike.el("div", { className: "gb-line-name" }, text);
      const place = page.map.layerPointToLatLng(from.add(step.multiplyBy(share)));
      if (geobike.write(page, place, size, made, taken, layer)) return;
    }
  }
};
