// Classes of values: the range that each colour means.
"use strict";

geobike.ZERO = "#fbfbf3";
// Light to dark, distinguishable with the common colour blindnesses: after ColorBrewer's YlGnBu.
geobike.COLOURS = ["#d6efb3", "#73c8bd", "#2498c1", "#234da0", "#081d58"];

// Cut values >= 0, as shown with `digits` decimals, into classes {low, high, colour}; both ends
// occur among the values. Zero is a class of its own where it occurs. The positive values are cut at their quantiles
// (inverted empirical distribution, Hyndman & Fan 1996, type 1), so that every edge is a value that
// occurs, and equal values share a class: ties leave fewer than five classes.
geobike.classify = function (values, digits) {
  const shown = values.map((value) => geobike.asShown(value, digits));
  const positive = shown.filter((value) => value > 0).sort((a, b) => a - b);
  const steps = geobike.COLOURS.length;
  const cuts = geobike.COLOURS.map((_, k) => positive[Math.ceil(((k + 1) * positive.length) / steps) - 1]);
  const edges = positive.length ? [...new Set(cuts.filter((cut) => cut !== undefined))] : [];
  const classes = edges.map((high, k) => ({
    low: positive.find((value) => !k || value > edges[k - 1]),
    high,
    colour: geobike.spread(k, edges.length),
  }));
  return shown.includes(0) ? [{ low: 0, high: 0, colour: geobike.ZERO }, ...classes] : classes;
};

// Rounded as it is written; but a small value never becomes zero.
geobike.asShown = function (value, digits) {
  const scale = 10 ** digits;
  return value > 0 ? Math.max(1, Math.round(value * scale)) / scale : 0;
};

// The k-th of `count` colours over the whole scale; a single class takes the middle one.
geobike.spread = function (k, count) {
  const last = geobike.COLOURS.length - 1;
  return geobike.COLOURS[count === 1 ? last / 2 : Math.round((k * last) / (count - 1))];
};

// The colour of a value. A value between two classes belongs to the upper one, a value above all
// classes, as a single day can have, to the last.
geobike.colourOf = function (classes, value, digits) {
  const shown = geobike.asShown(value, digits);
  if (shown === 0) return geobike.ZERO;
  const found = classes.find(({ high }) => shown <= high) || classes[classes.length - 1];
  return found.high === 0 ? geobike.COLOURS[2] : found.colour;
};

// The text of each class in the legend. Where a period is chosen, colours keep their meaning, so
// the classes become ranges without gaps, and the last one is open.
geobike.rangesOf = function (page, { digits }, classes, open) {
  const text = (value) => (value ? page.figure(value, digits) : "0"); // "0.00" would look rounded
  const range = (low, high) => (low === high ? text(low) : `${text(low)} – ${text(high)}`);
  if (!open) return classes.map(({ low, high, colour }) => ({ colour, text: range(low, high) }));
  const step = 10 ** -digits;
  const positive = classes.filter(({ high }) => high > 0);
  const found = positive.map(({ high, colour }, k) => {
    const low = k ? positive[k - 1].high + step : step;
    const last = k === positive.length - 1;
    return { colour, text: last ? page.say("or_more", { low: text(low) }) : range(low, high) };
  });
  return [{ colour: geobike.ZERO, text: "0" }, ...found];
};
