// Which areas differ clearly from the average: as hand counts say, or, of what was detected, as the
// ranges say, so that about one in ten of those named is named by chance.
"use strict";

geobike.FALSE_SHARE = 0.1;

// 1: clearly more, -1: clearly fewer, 0: cannot be told; undefined where nothing is known. Of a
// period nothing is known.
geobike.groupOf = (page, area, metric = page.metric) => page.groups(metric).get(area);

geobike.certainty = function (page) {
  const found = new Map();
  page.groups = function (metric) {
    if (page.period >= 0) return new Map();
    if (!found.has(metric)) found.set(metric, geobike.grouped(page, metric));
    return found.get(metric);
  };
};

geobike.grouped = function (page, metric) {
  const { data } = page;
  if (data.estimates?.of === metric.name) {
    return new Map(data.areas.filter(({ group }) => group !== undefined).map((area) => [area, area.group]));
  }
  const average = geobike.average(page, metric);
  if (average === null) return new Map();
  const compared = data.areas.filter(
    (area) => Number.isFinite(geobike.valueOf(page, area, metric)) && geobike.rangeOf(page, area, metric),
  );
  const rows = compared.map((area) => [area, geobike.chance(geobike.rangeOf(page, area, metric), average)]);
  const named = geobike.discoveries(rows.map(([, chance]) => chance));
  const sign = (area) => (area.figures[metric.name] > average ? 1 : -1);
  return new Map(rows.map(([area], k) => [area, named[k] ? sign(area) : 0]));
};

// How likely a range of 95 % is to lie this far from the average by chance alone. Ranges are
// symmetric on a logarithmic scale; one that begins at 0 says only whether it holds the average.
geobike.chance = function ([low, high], average) {
  if (!(low > 0) || !(average > 0)) return high < average || low > average ? 0.05 : 1;
  const error = Math.log(high / low) / (2 * 1.96);
  const distance = Math.abs(Math.log(low * high) / 2 - Math.log(average));
  return error > 0 ? 2 * (1 - geobike.normal(distance / error)) : 0;
};

// The standard normal distribution (Abramowitz & Stegun 1964, 26.2.17; error below 1e-7).
geobike.normal = function (z) {
  const t = 1 / (1 + 0.2316419 * z);
  const tail = t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  return 1 - (Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI)) * tail;
};

// Which of several tests are named (Benjamini & Hochberg 1995).
geobike.discoveries = function (chances) {
  const sorted = [...chances].sort((a, b) => a - b);
  const last = sorted.findLastIndex((chance, k) => chance <= (geobike.FALSE_SHARE * (k + 1)) / sorted.length);
  return chances.map((chance) => last >= 0 && chance <= sorted[last]);
};
