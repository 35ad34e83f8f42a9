// A figure as a bar, or with its range as a whisker; the average of all areas is a line across.
"use strict";

geobike.hasRanges = (page) => page.data.areas.some((area) => geobike.rangeOf(page, area, page.metric));

// The heading of the bars, which says what their ranges mean.
geobike.barHead = function (page) {
  const title = geobike.rangeMeaning(page);
  return geobike.el("th", { scope: "col", className: "gb-bar-head", title }, page.say(title ? "range_head" : "bar_head"));
};

// What moves the figure within its range: other streets where it is of what was detected, or what a
// person would count. Empty where there are no ranges.
geobike.rangeMeaning = function (page) {
  if (!geobike.hasRanges(page)) return "";
  return page.say(geobike.isDetected(page.metric) ? "range_detected" : "range_by_hand");
};

geobike.isDetected = ({ denominator }) => denominator !== null; // hand counts bring a figure as a whole

// What the right end of a bar means, and where the average is.
geobike.barScale = function (page) {
  const { areas } = page.data;
  const values = areas.map((area) => geobike.knownValue(page, area, page.metric)).filter(Number.isFinite);
  const highs = areas.map((area) => geobike.rangeOf(page, area, page.metric)?.[1]).filter(Number.isFinite);
  const most = Math.max(...values, 1e-9);
  // A very wide range would make all others short; it is cut, and ends in an arrow.
  return { most: Math.min(Math.max(most, ...highs), 1.6 * most), average: geobike.average(page, page.metric) };
};

geobike.bar = function (page, area, { most, average }) {
  const { el } = geobike;
  const value = geobike.knownValue(page, area, page.metric);
  if (!Number.isFinite(value)) return "";
  const range = geobike.rangeOf(page, area, page.metric);
  const at = (number) => `${Math.min(100, (100 * number) / most).toFixed(2)}%`;
  const parts = [];
  if (range) {
    const line = el("i", { className: `gb-whisker${range[1] > most ? " gb-cut" : ""}` });
    Object.assign(line.style, { left: at(range[0]), right: `${(100 - parseFloat(at(range[1]))).toFixed(2)}%` });
    const dot = el("i", { className: "gb-point" });
    dot.style.left = at(value);
    parts.push(line, dot);
  } else {
    const line = el("i", { className: "gb-length" });
    line.style.width = at(value);
    parts.push(line);
  }
  if (average !== null) {
    const line = el("i", { className: "gb-average" });
    line.style.left = at(average);
    parts.unshift(line);
  }
  const text = range ? geobike.rangeText(page, range, page.metric) : "";
  return el("span", { className: "gb-bar", title: text }, ...parts, el("span", { className: "gb-said" }, text));
};
