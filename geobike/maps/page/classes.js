// Classes of values: the range that each colour means.
"use strict";

geobike.ZERO = "#fbfbf3";
// Light to dark, distinguishable with the common colour blindnesses: after ColorBrewer's YlGnBu.
geobike.COLOURS = ["#d6efb3", "#73c8bd", "#2498c1", "#234da0", "#081d58"];

// Cut values >= 0 into classes {low, high, colour} without gaps: a value belongs to the class with
// low <= value < high, and the last class is open. Edges are round numbers, whole ones where
// `whole`; of the rows of round numbers that make three to five classes, the one that fills them
// most evenly is taken, rather one of equal steps. Zero is a class of its own where it occurs.
geobike.classify = function (values, whole) {
  const positive = values.filter((value) => value > 0);
  const zeros = positive.length < values.length ? [geobike.zeroClass()] : [];
  if (!positive.length) return zeros;
  const rows = geobike.roundRows(positive, whole);
  const best = rows.reduce((one, other) => (other.evenness > one.evenness + 1e-9 ? other : one));
  const { edges } = best;
  const classes = edges.map((low, k) => ({
    low,
    high: k + 1 < edges.length ? edges[k + 1] : Infinity,
    colour: geobike.spread(k, edges.length),
  }));
  return [...zeros, ...classes];
};

geobike.zeroClass = () => ({ low: 0, high: 0, colour: geobike.ZERO });

// Rows of lower edges, each with how evenly it fills its classes. Equal steps come first.
geobike.roundRows = function (values, whole) {
  const top = values.reduce((most, value) => Math.max(most, value), 0); // too many to be arguments
  const power = 10 ** Math.floor(Math.log10(top));
  const steps = [0.1, 0.2, 0.25, 0.5, 1, 2, 2.5, 5].map((step) => geobike.tidy(step * power));
  const rows = [];
  for (const step of steps) {
    const count = Math.floor(geobike.tidy(top / step)) + 1;
    const edges = Array.from({ length: count }, (_, k) => geobike.tidy(k * step));
    if (count >= 3 && count <= 5) rows.push({ edges, bonus: 0.1 }); // easier to read
  }
  const round = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5].map((step) => geobike.tidy(step * power));
  const below = round.filter((edge) => edge <= top);
  for (const count of [3, 4]) {
    for (let end = count; end <= below.length; end++) rows.push({ edges: [0, ...below.slice(end - count, end)], bonus: 0 });
  }
  const usable = rows.filter(({ edges }) => !whole || edges.every(Number.isInteger));
  if (!usable.length) usable.push({ edges: [0], bonus: 0 });
  return usable.map(({ edges, bonus }) => ({ edges, evenness: geobike.evenness(values, edges) + bonus }));
};

// The entropy of the values over the classes, 1 where each holds as many.
geobike.evenness = function (values, edges) {
  const counts = edges.map(() => 0);
  for (const value of values) counts[geobike.classIndex(edges, value)] += 1;
  const sum = counts.reduce((total, n) => (n ? total - (n / values.length) * Math.log(n / values.length) : total), 0);
  return edges.length > 1 ? sum / Math.log(edges.length) : 0;
};

geobike.classIndex = (edges, value) => edges.findLastIndex((low) => low <= value);

// Without the dust of binary fractions: 0.30000000000000004 is 0.3.
geobike.tidy = (value) => Number(value.toPrecision(12));

// The k-th of `count` colours over the whole scale; a single class takes the middle one.
geobike.spread = function (k, count) {
  const last = geobike.COLOURS.length - 1;
  return geobike.COLOURS[count === 1 ? last / 2 : Math.round((k * last) / (count - 1))];
};

geobike.colourOf = function (classes, value) {
  if (value === 0) return geobike.ZERO;
  const found = classes.findLast(({ low, high }) => high > 0 && low <= value);
  return found ? found.colour : geobike.COLOURS[2];
};

// The text of each class, and how many of `values` it holds. A day may have zeros where the whole
// survey, of which the classes are, has none.
geobike.rangesOf = function ({ decimal, say }, classes, values) {
  const zeros = values.includes(0) && classes[0]?.high !== 0 ? [geobike.zeroClass()] : [];
  return [...zeros, ...classes].map(({ low, high, colour }) => {
    const count = values.filter((value) => (high ? value > 0 && low <= value && value < high : value === 0)).length;
    if (high === 0) return { colour, count, text: decimal(0) };
    const open = high === Infinity;
    return { colour, count, text: open ? say("or_more", { low: decimal(low) }) : `${decimal(low)} – ${decimal(high)}` };
  });
};

// A colour as pale as a value that may well be the average.
geobike.pale = function (colour) {
  return geobike.mixed(colour, "#f2f2f2", 0.27);
};

// A share of one colour, and the rest of another.
geobike.mixed = function (one, other, share) {
  const parts = [1, 3, 5].map((at) => {
    const [a, b] = [one, other].map((each) => parseInt(each.slice(at, at + 2), 16));
    return Math.round(share * a + (1 - share) * b).toString(16).padStart(2, "0");
  });
  return `#${parts.join("")}`;
};
