// Words and numbers in the page's language.
"use strict";

geobike.speech = function (data) {
  const plural = new Intl.PluralRules(data.language);
  const whole = new Intl.NumberFormat(data.language, { maximumFractionDigits: 0 });
  const exact = geobike.numberFormats(data.language);
  const thing = data.label === "bicycle" ? "bicycle" : "object";
  const things = data.words["many_" + thing];
  const always = {
    things,
    Things: things.charAt(0).toLocaleUpperCase(data.language) + things.slice(1),
    thing: data.words["one_" + thing],
  };

  function say(key, given) {
    const values = { ...always, ...given };
    let text = data.words[key];
    if (typeof text !== "string") text = text[plural.select(values.n)] || text.other;
    return text.replace(/\{(\w+)\}/g, (_, name) =>
      typeof values[name] === "number" && name !== "threshold"
        ? whole.format(values[name])
        : String(values[name]),
    );
  }
  return {
    say,
    // A number with its decimals; "–" where there is none.
    figure(value, digits, percent) {
      if (value === null) return data.words.unknown;
      if (percent) return exact(digits).format(100 * value) + "\u00a0%";
      const least = 10 ** -digits;
      if (value > 0 && value < least / 2) return "< " + exact(digits).format(least);
      return exact(digits).format(value);
    },
    things: (n) => say(thing, { n }),
    label: thing === "bicycle" ? data.words.many_bicycle : data.label,
    nameOf: ({ name }) => say(name),
    shortNameOf: ({ name }) => say("short_" + name),
  };
};

// One format for each number of decimals.
geobike.numberFormats = function (language) {
  const made = new Map();
  return (digits) => {
    const options = { minimumFractionDigits: digits, maximumFractionDigits: digits };
    if (!made.has(digits)) made.set(digits, new Intl.NumberFormat(language, options));
    return made.get(digits);
  };
};
