// The days, months or years that the reader chooses from, and a button that plays them.
"use strict";

geobike.FEW_PERIODS = 5; // as buttons; of more there is a slider

geobike.period = function (page) {
  const { periods } = page.data;
  if (!periods.length) return "";
  const { el } = geobike;
  const { say } = page;
  const few = periods.length <= geobike.FEW_PERIODS;
  const set = geobike.choosePeriod(page);
  const control = few ? geobike.periodButtons(page, set) : geobike.periodSlider(page, set);
  const play = el("button", { type: "button", className: "gb-play" });
  let timer = null;
  const label = () => {
    play.textContent = timer ? "❚❚" : "▶";
    play.title = say(timer ? "pause" : "play");
    play.ariaLabel = play.title;
  };
  const stop = () => {
    clearInterval(timer);
    timer = null;
    label();
  };
  play.onclick = () => {
    if (timer) return stop();
    const step = () => (page.period + 1 < periods.length ? set(page.period + 1) : (stop(), set(-1)));
    timer = setInterval(step, 1500);
    label();
    if (page.period + 1 >= periods.length) set(-1);
    step();
  };
  label();
  return el("div", { className: "gb-period" }, control, play);
};

// What looks like a change from one period to the next may be other streets: then a line says so.
geobike.apartNote = function (page) {
  if (!page.data.periods.length) return "";
  const note = geobike.el("p", { className: "gb-why gb-apart" });
  const days = page.data.periods[0].length === 10;
  const fill = () => (note.textContent = geobike.areApart(page) ? page.say(days ? "days_apart" : "periods_apart") : "");
  // Of a million photos it takes a second: after the first drawing.
  page.onChange((choice) => geobike.concerns(choice, "period", "isComplete") && page.isComplete && fill());
  return note;
};

// Whether most streets that the chosen period saw, no other saw: places where streets are not known. Of
// all periods together: whether most were seen in one only.
geobike.areApart = function (page) {
  const seen = (page.periodsOf ||= geobike.periodsOfStreets(page.data));
  const among = [...seen.values()].filter((periods) => page.period < 0 || periods.has(page.period));
  return among.filter(({ size }) => size === 1).length > among.length / 2;
};

geobike.periodsOfStreets = function (data) {
  const { places } = data;
  const looks = geobike.looksOf(data);
  const found = new Map();
  for (let i = 0; i < looks.n; i++) {
    if (looks.place[i] < 0 || looks.period[i] < 0) continue; // it counts nowhere, or when is not known
    const street = places.street[looks.place[i]];
    const key = street < 0 ? -1 - looks.place[i] : street;
    const periods = found.get(key);
    if (periods) periods.add(looks.period[i]);
    else found.set(key, new Set([looks.period[i]]));
  }
  return found;
};

// A figure that is known of the whole survey only gives way to one that a period has, and comes back.
geobike.choosePeriod = function (page) {
  const standIn = page.colours.find((metric) => geobike.isOfPeriods(page.data, metric));
  let left = null; // what gave way
  return (period) => {
    const { metric, byGroup } = page;
    const isKnown = !byGroup && geobike.isOfPeriods(page.data, metric);
    if (period >= 0 && !isKnown && standIn) {
      left = { metric, byGroup };
      page.change({ period, metric: standIn, byGroup: false });
    } else if (period < 0 && left) {
      page.change({ period, ...(metric === standIn && !byGroup ? left : {}) });
      left = null;
    } else page.change({ period });
  };
};

geobike.isOfPeriods = ({ tallies }, { numerator }) => numerator in tallies;

geobike.periodButtons = function (page, set) {
  const { choice, choices } = geobike;
  const { data, say } = page;
  const made = [-1, ...data.periods.keys()].map((period) => {
    const text = period < 0 ? say("all_periods") : page.date(data.periods[period]);
    return choice({ type: "radio", name: "gb-period", value: period, checked: period < 0, onchange: () => set(period) }, text);
  });
  const group = choices(say("time"), ...made);
  page.onChange(() => group.querySelectorAll("input").forEach((input) => (input.checked = Number(input.value) === page.period)));
  return group;
};

geobike.periodSlider = function (page, set) {
  const { el } = geobike;
  const { data, say } = page;
  const { periods } = data;
  const output = el("output", {});
  const range = el("input", { type: "range", min: 0, max: periods.length, step: 1, value: 0 });
  range.oninput = () => set(range.value - 1);
  page.onChange(() => {
    range.value = page.period + 1;
    output.textContent = page.period < 0 ? say("all_periods") : page.date(periods[page.period]);
    range.setAttribute("aria-valuetext", output.textContent);
  });
  const ends = [periods[0], periods[periods.length - 1]].map((name) => el("span", {}, page.date(name)));
  const label = el("label", {}, say("time"), " ", range);
  return el("div", { className: "gb-slider" }, label, output, el("div", { className: "gb-ends", "aria-hidden": "true" }, ...ends));
};
