// The data: unpacked where it was packed, and counted for the period that the reader chose.
"use strict";

// Returns a promise, or nothing where nothing is packed.
geobike.unpack = function (data) {
  const tasks = [];
  const unpack = (holder, key, read) => {
    if (typeof holder[key] !== "string") return;
    tasks.push(read(geobike.inflated(holder[key])).then((value) => (holder[key] = value)));
  };
  const json = (response) => response.json();
  const { photos } = data;
  unpack(data, "areas", json);
  unpack(photos, "details", json);
  unpack(photos, "columns", async (response) =>
    geobike.columns(new Uint8Array(await response.arrayBuffer()), photos.n),
  );
  data.context.forEach((layer) => unpack(layer, "geometries", json));
  return tasks.length ? Promise.all(tasks) : null;
};

// Name the columns, and add up the steps from photo to photo to degrees.
geobike.placePhotos = function (data) {
  const [lon, lat, count, area, period] = data.photos.columns;
  const degrees = (steps) => {
    const places = new Float64Array(steps.length);
    let sum = 0;
    for (let i = 0; i < steps.length; i++) places[i] = (sum += steps[i]) / 1e5;
    return places;
  };
  Object.assign(data.photos, { lon: degrees(lon), lat: degrees(lat), count, area, period });
};

// The response holds gzipped base64, and is read without asking anything of a network.
geobike.inflated = function (text) {
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i);
  return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip")));
};

// Undo geobike.maps.encoding.encode_columns: byte planes, sign in the lowest bit.
geobike.columns = function (bytes, n) {
  const all = new Int32Array(bytes.length / 4);
  const [one, two, three] = [all.length, 2 * all.length, 3 * all.length];
  for (let i = 0; i < all.length; i++) {
    const value =
      bytes[i] | (bytes[i + one] << 8) | (bytes[i + two] << 16) | (bytes[i + three] << 24);
    all[i] = (value >>> 1) ^ -(value & 1);
  }
  return [0, 1, 2, 3, 4].map((column) => all.subarray(column * n, (column + 1) * n));
};

// Keep each area's figures as the frame has them, and make those of a period when it is chosen.
geobike.count = function (page) {
  const { data } = page;
  const { photos } = data;
  page.photos = photos;
  page.isShown = (i) => page.period < 0 || photos.period[i] === page.period;
  const all = data.areas.map((area) => ({ ...area }));
  page.onChange(({ period }) => {
    if (period === undefined) return;
    if (period < 0) data.areas.forEach((area, row) => Object.assign(area, all[row]));
    else geobike.countPeriod(page, all);
  });
};

geobike.countPeriod = function (page, all) {
  const { photos, data } = page;
  const taken = new Int32Array(all.length);
  const bicycles = new Int32Array(all.length);
  for (let i = 0; i < photos.n; i++) {
    if (photos.period[i] !== page.period || photos.area[i] < 0 || photos.count[i] < 0) continue;
    taken[photos.area[i]] += 1;
    bicycles[photos.area[i]] += photos.count[i];
  }
  data.areas.forEach((area, row) => {
    const rate = (by) => (taken[row] && by ? bicycles[row] / by : null);
    area.photo_count = taken[row];
    area.bicycle_count = bicycles[row];
    area.bicycles_per_photo = rate(taken[row]);
    area.bicycles_per_km2 = rate(area.area_km2);
    if ("population" in area) area.bicycles_per_1000_inhabitants = rate(area.population / 1000);
    area.first = area.last = null;
  });
};
