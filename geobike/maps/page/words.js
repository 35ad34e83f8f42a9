// Words and numbers in the page's language.
"use strict";

geobike.DIGITS = 2; // of rates; figures that look the same are coloured the same

geobike.speech = function (data) {
  const plural = new Intl.PluralRules(data.language);
  const whole = new Intl.NumberFormat(data.language, { maximumFractionDigits: 0 });
  const exact = new Intl.NumberFormat(data.language, {
    minimumFractionDigits: geobike.DIGITS,
    maximumFractionDigits: geobike.DIGITS,
  });
  const thing = data.label === "bicycle" ? "bicycle" : "object";

  function say(key, given) {
    const values = { things: data.words["many_" + thing], ...given };
    let text = data.words[key];
    if (typeof text !== "string") text = text[plural.select(values.n)] || text.other;
    return text.replace(/\{(\w+)\}/g, (_, name) =>
      typeof values[name] === "number" && name !== "threshold"
        ? whole.format(values[name])
        : String(values[name]),
    );
  }
  const isWhole = (key) => key.endsWith("_count") || key === "population";
  return {
    say,
    // The figure of a column: counts whole, rates with decimals, "–" where there is none.
    figure(key, value) {
      if (value === null) return data.words.unknown;
      if (isWhole(key)) return whole.format(value);
      const least = 10 ** -geobike.DIGITS;
      if (value > 0 && value < least / 2) return "< " + exact.format(least);
      return exact.format(value);
    },
    things: (n) => say(thing, { n }),
    label: thing === "bicycle" ? data.words.many_bicycle : data.label,
    metricName: (key) => say(key.replace("bicycle", thing)),
  };
};
