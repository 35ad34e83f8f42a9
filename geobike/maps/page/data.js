// The data: unpacked where it was packed, and counted again for the period that the reader chose.
"use strict";

// Returns a promise, or nothing where nothing is packed.
geobike.unpack = function (data) {
  const tasks = [];
  const unpack = (holder, key, read) => {
    if (typeof holder[key] !== "string") return;
    tasks.push(read(geobike.inflated(holder[key])).then((value) => (holder[key] = value)));
  };
  const json = (response) => response.json();
  const columns = (holder) =>
    unpack(holder, "columns", async (response) =>
      geobike.columns(new Uint8Array(await response.arrayBuffer()), holder),
    );
  const { photos, places } = data;
  if (typeof photos.details === "string") Object.assign(photos, { packed: photos.details, details: null });
  for (const key of ["areas", "tallies", "streets"]) unpack(data, key, json);
  [photos, photos.across, places, places.looks].filter(Boolean).forEach(columns);
  for (const layer of data.context) {
    unpack(layer, "geometries", json);
    unpack(layer, "names", json);
  }
  if (data.racks) unpack(data.racks, "columns", json);
  if (data.basemap) unpack(data.basemap, "layers", json);
  return tasks.length ? Promise.all(tasks) : null;
};

// Names and pictures of many photos are not needed to draw the first view: they come after it.
geobike.unpackDetails = async function (page) {
  const { photos } = page.data;
  if (!photos.packed) return;
  const columns = Object.entries(await geobike.inflated(photos.packed).json());
  photos.details = Array.from({ length: photos.n }, (_, i) => {
    const photo = {};
    for (const [name, values] of columns) if (values[i] !== null) photo[name] = values[i];
    return photo;
  });
  delete photos.packed;
  page.change({ details: true });
};

// Add up steps to degrees: from one place to the next; to a photo from its place, else from the photo
// before. `count` is below 0 where a photo is not counted.
geobike.placePhotos = function ({ photos, places }) {
  const sums = (steps, from, first = 0) => {
    const out = new Float64Array(steps.length);
    for (let i = 0; i < steps.length; i++) out[i] = steps[i] + (from(i) ?? (i ? out[i - 1] : first));
    return out;
  };
  const none = () => undefined;
  const degrees = (whole) => whole.map((each) => each / 1e5);
  const { looks } = places;
  const { across } = photos;
  for (const each of [photos, places, across, looks]) if (each) Object.assign(each, each.columns);
  if (looks) looks.place = sums(looks.place, none, -1);
  if (across) across.photo = sums(across.photo, none);
  for (const axis of ["lon", "lat"]) {
    const spots = sums(places[axis], none);
    places[axis] = degrees(spots);
    photos[axis] = degrees(sums(photos[axis] || [], (i) => spots[photos.place[i]]));
  }
};

// Steps of 1e-5 degrees, summed up to places.
geobike.steps = function (steps) {
  const out = [];
  let x = 0;
  let y = 0;
  for (let i = 0; i < steps.length; i += 2) out.push(new L.LatLng((y += steps[i + 1]) / 1e5, (x += steps[i]) / 1e5));
  return out;
};

// Return gzipped base64 as a response to read; no network request is made.
geobike.inflated = function (text) {
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i);
  return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip")));
};

// Decode what geobike.maps.encoding.encode_columns wrote: byte planes, sign in the lowest bit.
geobike.columns = function (bytes, { names, same, n }) {
  const all = new Int32Array(bytes.length / 4);
  const [one, two, three] = [all.length, 2 * all.length, 3 * all.length];
  for (let i = 0; i < all.length; i++) {
    const value =
      bytes[i] | (bytes[i + one] << 8) | (bytes[i + two] << 16) | (bytes[i + three] << 24);
    all[i] = (value >>> 1) ^ -(value & 1);
  }
  const found = names.map((name, k) => [name, all.subarray(k * n, (k + 1) * n)]);
  for (const [name, value] of Object.entries(same)) found.push([name, new Int32Array(n).fill(value)]);
  return Object.fromEntries(found);
};

// The statistics of the areas: those of the frame, or those of the period that the reader chose.
geobike.count = function (page) {
  const { data } = page;
  page.isShown = (i) => page.period < 0 || data.photos.period[i] === page.period;
  geobike.countPlaces(page);
  const all = data.areas.map(({ figures, status, first, last }) => ({ figures, status, first, last }));
  page.wholeSurvey = all;
  data.areas.forEach((area) => (area.isNeverSeen = geobike.isUnseen(data, area)));
  page.onChange(({ period }) => {
    if (period === undefined) return;
    geobike.countPlaces(page);
    if (period < 0) data.areas.forEach((area, row) => Object.assign(area, all[row]));
    else geobike.countPeriod(page, all);
  });
};

// What the chosen period shows of each place: its photos, and the bicycles on the first photo of a
// visit, mean over the visits. A place without a visit was not seen.
geobike.countPlaces = function (page) {
  const { places } = page.data;
  const { photos, visits, things } = geobike.sumsOfPlaces(page);
  for (let at = 0; at < places.n; at++) if (visits[at] > 1) things[at] /= visits[at];
  Object.assign(places, { photos, visits, things });
};

geobike.sumsOfPlaces = function ({ data, period }) {
  const { places } = data;
  const looks = geobike.looksOf(data);
  // Where every place has one row, the rows are the sums.
  if (places.looks && period < 0 && looks.n === places.n) return { ...looks, things: new Float64Array(looks.things) };
  const photos = new Int32Array(places.n);
  const visits = new Int32Array(places.n);
  const things = new Float64Array(places.n);
  for (let i = 0; i < looks.n; i++) {
    if (period >= 0 && looks.period[i] !== period) continue;
    const at = looks.place[i];
    if (at < 0) continue;
    photos[at] += looks.photos[i];
    visits[at] += looks.visits[i];
    things[at] += looks.things[i];
  }
  return { photos, visits, things };
};

// What was seen of each place and when; else what each photo says of its place (-1: of none), where the
// first photo of a visit counts.
geobike.looksOf = function ({ places, photos: { n, place, period, count, first } }) {
  if (places.looks) return places.looks;
  const things = first.map((one, i) => one * Math.max(count[i], 0));
  return { n, place, period, photos: new Uint8Array(n).fill(1), visits: first, things };
};

// A period has the metrics that come from sums; those of the whole survey it has not.
geobike.countPeriod = function ({ data, period }, all) {
  const { area, period: periods, ...sums } = data.tallies;
  const found = new Map();
  periods.forEach((one, i) => {
    if (one !== period) return;
    found.set(area[i], Object.fromEntries(Object.entries(sums).map(([name, column]) => [name, column[i]])));
  });
  const none = Object.fromEntries(Object.keys(sums).map((name) => [name, 0]));
  data.areas.forEach((each, row) => {
    const known = { ...(found.get(row) || none) };
    for (const name of data.constants) known[name] = all[row].figures[name];
    const figures = geobike.valuesOf(data, known);
    for (const name of data.constants) figures[name] = known[name];
    const status = geobike.statusThen(data, all[row].status, figures);
    Object.assign(each, { figures, status, first: null, last: null });
  });
};

// How well a period saw an area: never better than the whole survey did. Which streets a day covered is
// not known here, so a stop stands for a street; of less than one stop there is no figure.
geobike.LEAST_STOPS = 6;
geobike.statusThen = function ({ roles }, status, figures) {
  const stops = figures[roles.stops];
  if (!(stops > 0)) return "unseen";
  if (stops < 1) return "too_thin";
  return status === "compared" && Math.round(stops) < geobike.LEAST_STOPS ? "thin" : status;
};

// The metrics from sums and constants: the formula of geobike.metrics.values. What cannot be
// computed from `known` is null.
geobike.valuesOf = function ({ metrics, roles }, known) {
  const looked = roles.looked.some((name) => known[name] > 0);
  const value = ({ numerator, denominator, per, least_share: least, share_of: share, tellsLooking }) => {
    if (!looked && !tellsLooking) return null;
    if (least && !(known[share] >= least)) return null;
    if (denominator === null) return known[numerator];
    const by = known[denominator] / per;
    return by ? known[numerator] / by : null;
  };
  return Object.fromEntries(
    metrics.map((metric) => [metric.name, geobike.finite(value(metric))]),
  );
};

geobike.finite = (value) => (Number.isFinite(value) ? value : null);

// The mean of a rate over all stops, or over what else it is a rate of; as hand counts say it, where
// there are any. Areas that were hardly seen are in it: it is no figure of theirs. Null where it has none.
geobike.average = function ({ data, period }, metric) {
  if (period < 0) return data.averages[metric.name];
  if (metric.denominator === null) return null;
  let sum = 0;
  let weight = 0;
  for (const { figures } of data.areas) {
    const by = figures[metric.denominator];
    if (!Number.isFinite(figures[metric.name]) || !(by > 0)) continue;
    sum += figures[metric.name] * by;
    weight += by;
  }
  return weight ? sum / weight : null;
};
