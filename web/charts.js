// charts.js - the pictures of a simulation. Each is drawn anew into its <svg>,
// from the model that simulate.js makes of the data.
"use strict";

const charts = (() => {
  const WIDTH = 960;
  const HOUR_MS = 3600e3, DAY_MS = 24 * HOUR_MS;
  const WEEKDAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
  const count = d3.format(",");

  // Second 0 of a trace is midnight of a Monday.
  function dayText(ms) {
    const day = Math.floor(ms / DAY_MS);
    return `${WEEKDAYS[((day % 7) + 7) % 7]}, day ${day + 1}`;
  }

  function clockText(ms) {
    const minutes = Math.floor(ms / 60e3) % 1440;
    const two = d3.format("02d");
    return `${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
  }

  function blank(id, height, label) {
    const svg = d3.select(id).attr("viewBox", `0 0 ${WIDTH} ${height}`)
      .attr("role", "img").attr("aria-label", label);
    svg.selectAll("*").remove();
    return svg;
  }

  function put(parent, name, attributes, text) {
    const node = parent.append(name).attr(attributes);
    return text === undefined ? node : node.text(text);
  }

  // --- calls against cold callers ---

  // `zero` is where nobody is cold; below it is room for names.
  const COST = { left: 64, right: 28, top: 14, zero: 440, bottom: 472,
    height: 520 };
  const LEVELS = [1.1, 1.25, 1.5, 2, 3, 5, 7, 10, 20, 40, 80];
  const hits = (a, b) =>
    a[0] < b[2] && b[0] < a[2] && a[1] < b[3] && b[1] < a[3];

  // From 0 to 10,000 with room for 0 and for small numbers.
  function coldScale(largest) {
    const bend = v => Math.log(1 + v) / Math.LN10;
    const line = d3.scale.linear()
      .domain([0, bend(Math.max(10, largest * 1.3))])
      .range([COST.zero, COST.top]);
    return v => line(bend(v));
  }

  function costScales(model) {
    const x = d3.scale.log().clamp(true)
      .domain([.9, Math.max(2, d3.max(model.points, p => p.times) * 1.25)])
      .range([COST.left, WIDTH - COST.right]);
    return { x, y: coldScale(d3.max(model.points, p => p.cold_per_10k)) };
  }

  function drawCostAxes(svg, { x, y }, model) {
    const right = WIDTH - COST.right;
    const most = d3.max(model.points, p => p.cold_per_10k);
    const ticks = [1, 1.5, 2, 3, 4, 5, 7, 10, 15, 20, 30, 50, 100]
      .filter(v => v <= x.domain()[1]);
    svg.append("g").attr({ class: "axis", transform: `translate(0,${COST.bottom})` })
      .call(d3.svg.axis().scale(x).tickValues(ticks).tickFormat(v => `${v}×`));
    for (const v of [0, 1, 10, 100, 1000, 10000]) {
      if (v > 10 && v > most * 1.3) continue;
      put(svg, "line", { class: "row-line", x1: COST.left, x2: right, y1: y(v),
        y2: y(v) });
      put(svg, "text", { class: "soft", x: COST.left - 8, y: y(v) + 4,
        "text-anchor": "end" }, count(v));
    }
    put(svg, "text", { class: "soft", x: right, y: COST.height - 8,
      "text-anchor": "end" }, "calls, in those of the optimum");
    put(svg, "text", { class: "soft", x: 14, y: COST.top, "text-anchor": "end",
      transform: `rotate(-90 14 ${COST.top})` }, "cold callers per 10,000 uses");
  }

  // Where cost is `level` optima: calls + (ratio - 1) * cold.
  function levelPath(level, ratio, { x, y }, model) {
    const steps = d3.range(0, 4.02, .02).map(e => Math.pow(10, e) - 1);
    return steps.map(per10k => {
      const cold = per10k / 1e4 * model.uses;
      return [level - (ratio - 1) * cold / model.best.calls, per10k];
    }).filter(p => p[0] >= x.domain()[0] && p[0] <= x.domain()[1])
      .map(p => [x(p[0]), y(p[1])]).filter(p => p[1] >= COST.top);
  }

  // What a level costs is written beside it, where nothing else is.
  function drawLevelName(svg, text, path, taken) {
    for (const share of [1, .9, .8, .7, .6, .5]) {
      const [x, y] = path[Math.round((path.length - 1) * share)];
      const box = [x, y - 15, x + text.length * 6.5, y];
      if (box[2] > WIDTH || taken.some(other => hits(box, other))) continue;
      taken.push(box);
      put(svg, "text", { class: "soft", x: x + 3, y: y - 3 }, text);
      return;
    }
  }

  function drawLevels(svg, ratio, scales, model, taken) {
    for (const level of LEVELS) {
      const path = levelPath(level, ratio, scales, model);
      if (path.length < 2) continue;
      put(svg, "path", { class: "level", d: d3.svg.line()(path) });
      drawLevelName(svg, `cost ${level}×`, path, taken);
    }
  }

  const SHAPES = { policy: "circle", reference: "square", optimum: "diamond" };

  const pointBox = p => [p.x - 7, p.y - 7, p.x + 7, p.y + 7];

  // Beside its point, wherever there is room; a name without room is left to
  // the title.
  function placeLabel(p, taken) {
    const width = p.name.length * 7 + 4;
    for (const dy of [0, -17, 17, -34, 34, -51, -68, -85]) {
      for (const side of [1, -1]) {
        const left = side > 0 ? p.x + 12 : p.x - 12 - width;
        const box = [left, p.y + dy - 8, left + width, p.y + dy + 8];
        if (box[0] < COST.left || box[2] > WIDTH - 4 || box[3] > COST.bottom
          || box[1] < 0 || taken.some(other => hits(box, other))) continue;
        taken.push(box);
        p.label = { x: side > 0 ? left : left + width, y: p.y + dy + 4, side };
        return;
      }
    }
  }

  function drawPoint(svg, p) {
    if (p.label) {
      put(svg, "line", { class: "leader", x1: p.x, y1: p.y,
        x2: p.label.x - 3 * p.label.side, y2: p.label.y - 4 });
      put(svg, "text", { class: "name", x: p.label.x, y: p.label.y,
        "text-anchor": p.label.side > 0 ? "start" : "end" }, p.name);
    }
    put(svg, "path", { class: `${p.is} mark`,
      d: d3.svg.symbol().type(SHAPES[p.is]).size(80)(),
      transform: `translate(${p.x},${p.y})` })
      .append("title").text(`${p.name}: ${count(p.calls)} calls, `
        + `${p.cold_per_10k.toFixed(1)} cold callers per 10,000`);
  }

  // One policy with several options is one line.
  function drawSeries(svg, points) {
    const groups = d3.nest().key(p => p.name.split(" ")[0])
      .entries(points.filter(p => p.is === "policy"));
    for (const { values } of groups) {
      const path = values.slice().sort((a, b) => a.x - b.x || b.y - a.y);
      put(svg, "path", { class: "series",
        d: d3.svg.line().x(p => p.x).y(p => p.y)(path) });
    }
  }

  function cost(id, model, ratio) {
    const svg = blank(id, COST.height, "Calls against cold callers, by policy");
    const scales = costScales(model);
    const points = model.points.map(p => Object.assign({}, p,
      { x: scales.x(p.times), y: scales.y(p.cold_per_10k) }));
    drawCostAxes(svg, scales, model);
    const taken = points.map(pointBox);
    points.forEach(p => placeLabel(p, taken));
    drawLevels(svg, ratio, scales, model, taken);
    drawSeries(svg, points);
    points.forEach(p => drawPoint(svg, p));
  }

  // --- rows with a name at their left ---

  const ROWS = { left: 210, right: 16, top: 24 };

  function drawRow(svg, name, y, height) {
    put(svg, "line", { class: "row-line", x1: 0, x2: WIDTH, y1: y + height,
      y2: y + height });
    const shown = name.length > 25 ? name.slice(0, 24) + "…" : name;
    put(svg, "text", { class: "name", x: 0, y: y + 20 }, shown)
      .append("title").text(name);
  }

  // --- calls per minute over a day ---

  const DAY_ROW = 64;

  // A square root, for a needle may be a hundred times what is beside it.
  function day(id, model, trials) {
    const bottom = ROWS.top + trials.length * DAY_ROW;
    const svg = blank(id, bottom + 6,
      "Calls per minute over a day, a row for each policy");
    const x = d3.scale.linear().domain([0, 1440])
      .range([ROWS.left, WIDTH - ROWS.right]);
    const means = trials.map(t => t.minutes.map(n => n / model.days));
    const y = d3.scale.sqrt().domain([0, d3.max(means, m => d3.max(m)) || 1])
      .range([0, DAY_ROW - 10]);
    drawHours(svg, x, bottom);
    trials.forEach((trial, i) => {
      const top = ROWS.top + i * DAY_ROW, base = top + DAY_ROW;
      drawRow(svg, trial.name, top, DAY_ROW);
      put(svg, "text", { class: "soft", x: 0, y: top + 38 },
        `mean at most ${d3.max(means[i]).toFixed(1)}`);
      put(svg, "text", { class: "soft", x: 0, y: top + 54 },
        `${count(trial.peak_per_minute)} in one minute`);
      drawCounts(svg, y, base);
      const area = d3.svg.area().interpolate("step-after")
        .x((_, m) => x(m)).y0(base).y1(n => base - y(n));
      put(svg, "path", { class: `${trial.is} area`, d: area(means[i]) });
    });
  }

  function drawCounts(svg, y, base) {
    const most = y.domain()[1];
    const power = Math.pow(10, Math.floor(Math.log(most) / Math.LN10));
    for (const v of [power / 10, power]) {
      put(svg, "line", { class: "level", x1: ROWS.left, x2: WIDTH - ROWS.right,
        y1: base - y(v), y2: base - y(v) });
      put(svg, "text", { class: "soft", x: ROWS.left - 6, y: base - y(v) + 4,
        "text-anchor": "end" }, v);
    }
  }

  function drawHours(svg, x, bottom) {
    svg.append("g").attr({ class: "axis grid",
      transform: `translate(0,${ROWS.top})` })
      .call(d3.svg.axis().scale(x).orient("top").tickSize(ROWS.top - bottom)
        .tickValues(d3.range(0, 1441, 180))
        .tickFormat(m => clockText(m * 60e3)));
  }

  // --- one key ---

  const KEY_ROW = 30;

  function ticksOf(from, span) {
    const step = span <= DAY_MS ? 3 * HOUR_MS
      : span <= 7 * DAY_MS ? DAY_MS / (span <= 3 * DAY_MS ? 4 : 1)
        : Math.ceil(span / DAY_MS / 8) * DAY_MS;
    return d3.range(Math.ceil(from / step) * step, from + span, step);
  }

  function momentText(ms) {
    return ms % DAY_MS === 0 ? dayText(ms) : clockText(ms);
  }

  // A caller who found no token waits for the next one, at most so long.
  const WAIT_MS = 5000;

  function drawToken(svg, row, [from, to], used, x, y) {
    const left = x(Math.max(from, x.domain()[0]));
    const right = x(Math.min(to, x.domain()[1]));
    put(svg, "rect", { class: `${row.is} token${used ? "" : " unused"}`,
      x: left + .5, y: y + 6, width: Math.max(.5, right - left - 1.5),
      height: KEY_ROW - 14 });
  }

  function drawCross(svg, at, x, y) {
    const middle = y + KEY_ROW / 2 - 1;
    put(svg, "path", { class: "cross",
      d: `M${x(at) - 4},${middle - 4}l8,8m0,-8l-8,8` })
      .append("title").text(`cold: ${dayText(at)}, ${clockText(at)}`);
  }

  function drawTokens(svg, row, uses, x, y) {
    const [first, last] = x.domain();
    const isIn = (at, [from, to]) => at >= from && at < to;
    const cold = uses.filter(at => !row.tokens.some(token => isIn(at, token)));
    for (const token of row.tokens) {
      if (token[1] <= first || token[0] >= last) continue;
      const used = uses.some(at => isIn(at, token))
        || cold.some(at => at < token[0] && token[0] - at <= WAIT_MS);
      drawToken(svg, row, token, used, x, y);
    }
    for (const at of cold) drawCross(svg, at, x, y);
  }

  function key(id, model, rows, from, span) {
    const bottom = ROWS.top + (rows.length + 1) * KEY_ROW;
    const svg = blank(id, bottom + 4, "The tokens of one key, by policy");
    const x = d3.scale.linear().domain([from, from + span])
      .range([ROWS.left, WIDTH - ROWS.right]);
    const uses = model.key.uses.filter(at => at >= from && at < from + span);
    svg.append("g").attr({ class: "axis grid",
      transform: `translate(0,${ROWS.top})` })
      .call(d3.svg.axis().scale(x).orient("top").tickSize(ROWS.top - bottom)
        .tickValues(ticksOf(from, span)).tickFormat(momentText));
    drawRow(svg, uses.length === 1 ? "1 use" : `${count(uses.length)} uses`, ROWS.top, KEY_ROW);
    for (const at of uses) {
      put(svg, "line", { class: "use", x1: x(at), x2: x(at), y1: ROWS.top + 6,
        y2: ROWS.top + KEY_ROW - 6 });
    }
    rows.forEach((row, i) => {
      const y = ROWS.top + (i + 1) * KEY_ROW;
      drawRow(svg, row.name, y, KEY_ROW);
      drawTokens(svg, row, uses, x, y);
    });
  }

  return { cost, day, key, dayText, clockText, count };
})();
