// Words, numbers and dates in the page's language.
"use strict";

geobike.speech = function (data) {
  const plural = new Intl.PluralRules(data.language);
  const exact = geobike.numberFormats(data.language);
  const whole = exact(0);
  const two = { minimumSignificantDigits: 2, maximumSignificantDigits: 2 };
  const rounded = new Intl.NumberFormat(data.language, two);
  const edge = new Intl.NumberFormat(data.language, { maximumSignificantDigits: 4 });
  const short = new Intl.NumberFormat(data.language, { maximumSignificantDigits: 2 });
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
      typeof values[name] === "number" ? whole.format(values[name]) : String(values[name]),
    );
  }
  const nameOf = ({ name }) => say(name);
  return {
    say,
    whole: (n) => whole.format(n),
    decimal: (value) => edge.format(value),
    // A number as it is known: what was counted, in full; what was derived, with two digits.
    figure(value, { exact: full, digits, percent } = {}) {
      if (value === null || value === undefined) return data.words.unknown;
      if (percent) return geobike.notZero(say, exact(digits), 100 * value, 10 ** -digits) + "\u00a0%";
      if (full) return geobike.notZero(say, exact(digits), value, 10 ** -digits);
      return value === 0 ? whole.format(0) : rounded.format(value);
    },
    // A share, in whole percent.
    percent(value) {
      return this.figure(value, { percent: true, digits: 0 });
    },
    // A number in a circle or at an axis: short.
    short: (value) => short.format(value),
    things: (n) => say(thing, { n }),
    label: thing === "bicycle" ? data.words.many_bicycle : data.label,
    nameOf,
    // Within a sentence.
    innerNameOf: (metric) => nameOf(metric).charAt(0).toLocaleLowerCase(data.language) + nameOf(metric).slice(1),
    shortNameOf: ({ name }) => say("short_" + name),
    ...geobike.calendar(data.language),
  };
};

// A number rounded to steps; what is more than 0 is never written as 0.
geobike.notZero = (say, format, value, step) =>
  value > 0 && value < step / 2 ? say("less_than", { least: format.format(step) }) : format.format(value);

// One format for each number of decimals.
geobike.numberFormats = function (language) {
  const made = new Map();
  return (digits) => {
    const options = { minimumFractionDigits: digits, maximumFractionDigits: digits };
    if (!made.has(digits)) made.set(digits, new Intl.NumberFormat(language, options));
    return made.get(digits);
  };
};

// Times come as the clock showed them, "2026-05-12 09:05", and are written as the language does.
geobike.calendar = function (language) {
  const tag = language === "en" ? "en-GB" : language;
  const year = { year: "numeric" };
  const day = { ...year, month: "short", day: "numeric" };
  const options = { 4: year, 7: { ...year, month: "long" }, 10: day, 16: { ...day, hour: "2-digit", minute: "2-digit" } };
  const made = {}; // by the length of what is written: each takes a browser milliseconds to make
  const form = (length) => (made[length] ||= new Intl.DateTimeFormat(tag, { timeZone: "UTC", ...options[length] }));
  const parsed = (text) => {
    const [date, clock = "00:00"] = text.split(" ");
    return new Date(`${(date + "-01-01").slice(0, 10)}T${clock}Z`);
  };
  return {
    date: (text) => form(text.length).format(parsed(text)),
    today: () => new Intl.DateTimeFormat(tag, { dateStyle: "long" }).format(new Date()),
    dates: (first, last) => form(10).formatRange(parsed(first), parsed(last)),
  };
};
