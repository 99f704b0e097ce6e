// simulate.js - reads the data of a simulation, says it in words and figures,
// and lets the reader choose what the pictures show.
"use strict";

(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const report = data.report;
  const RATIOS = [4, 10, 30];
  const SHOWN_AT_FIRST = 8;
  const DAY_MS = 24 * 3600e3;
  const count = charts.count;
  // Numbers keep their unit beside them; what there is nothing to compare with
  // is null.
  const percent = v => v === null ? "-" : `${(100 * v).toFixed(1)}\u00a0%`;
  const several = (n, what) => `${count(n)} ${what}${n === 1 ? "" : "s"}`;
  const factor = v => v === null ? "-" : v.toFixed(2);

  // --- the model ---

  const optima = report.rows.filter(row => row.is === "optimum");
  const trials = report.rows.filter(row => row.is !== "optimum")
    .map((row, i) => Object.assign({ minutes: data.minutes[i],
      tokens: data.key.tokens[i] }, row));
  // Where tokens cannot follow each other without a gap there is no optimum;
  // nobody makes fewer calls than on-demand, which comes first.
  const best = optima[0] || trials[0];
  const points = optima.concat(trials).map(row => Object.assign(row,
    { times: best.calls > 0 ? row.calls / best.calls : 1 }));
  const model = {
    points, best,
    uses: d3.max(trials, t => t.uses) || 0,
    days: Math.max(1, (report.trace.seconds - report.learn) * 1e3 / DAY_MS),
    key: data.key,
  };
  const chosen = new Set(trials.filter(t => t.name !== "on-demand")
    .slice(0, SHOWN_AT_FIRST));
  let ratio = 10;

  // --- words ---

  function spanText(seconds) {
    const units = [[86400, "d"], [3600, "h"], [60, "min"], [1, "s"]];
    for (const [size, unit] of units) {
      if (seconds >= size && seconds % size === 0) {
        return `${count(seconds / size)}\u00a0${unit}`;
      }
    }
    return `${count(seconds * 1e3)}\u00a0ms`;
  }

  // What else is assumed of the issuer.
  function limitTexts(issuer) {
    return [
      [issuer.fail_rate, () => `${percent(issuer.fail_rate)} of calls fail`],
      [issuer.skew,
        () => `a token is refused ${spanText(issuer.skew)} before its end`],
      [issuer.per_minute,
        () => `${count(issuer.per_minute)} calls a minute are allowed`],
      [issuer.per_day, () => `${count(issuer.per_day)} calls a day are allowed`],
    ].filter(([value]) => value > 0).map(([, text]) => text());
  }

  function issuerText(issuer) {
    const window = issuer.window > 0 && issuer.window < issuer.life
      ? `, given anew when ${spanText(issuer.window)} or less are left` : "";
    const took = issuer.as_recorded ? "what was recorded"
      : spanText(issuer.latency);
    const limits = limitTexts(issuer);
    return `A token lives ${spanText(issuer.life)}${window}; a call takes ${took}.`
      + (limits.length ? ` Moreover, ${limits.join(" and ")}.` : "");
  }

  function settingText() {
    const learning = report.learn > 0
      ? ` after ${spanText(report.learn)} of learning` : "";
    return `${several(report.trace.keys, "key")}, `
      + `${several(model.uses, "use")} on ${several(Math.round(model.days), "day")}`
      + `${learning}. ${issuerText(report.issuer)}`;
  }

  function cheapest() {
    const policies = trials.filter(t => t.is === "policy");
    return policies.reduce((a, b) =>
      a && a.cost[ratio] <= b.cost[ratio] ? a : b, null);
  }

  function verdictText() {
    const winner = cheapest();
    if (!winner) return "No policy was tried, only the references.";
    const words = [`At ${ratio}\u00a0:\u00a01 ${winner.name} is the cheapest`];
    if (winner.over_optimum[ratio] !== null) {
      words[0] += `: ${factor(winner.over_optimum[ratio])} times the optimum`;
    }
    if (winner.of_fresh !== null) {
      words.push(`${percent(winner.of_fresh)} of the calls that keep everything `
        + "fresh");
    }
    if (winner.avoided !== null) {
      words.push(`${percent(winner.avoided)} of the cold callers avoided`);
    }
    return words.join(", ") + ".";
  }

  // --- the table ---

  const COLUMNS = [
    { group: "calls", head: "all", of: t => t.calls },
    { head: "of fresh", of: t => percent(t.of_fresh) },
    { head: "cold", of: t => t.awaited },
    { head: "no-op", of: t => t.no_op },
    { head: "failed", of: t => t.failed },
    { head: "unused", of: t => t.unused },
    { head: "peak/min", of: t => t.peak_per_minute },
    { group: "cold callers", head: "per 10k", of: t => t.cold_per_10k.toFixed(1) },
    { head: "avoided", of: t => percent(t.avoided) },
    { head: "at risk", of: t => t.at_risk === undefined ? "" : percent(t.at_risk) },
  ].concat(RATIOS.map((r, i) => ({
    group: i === 0 ? "cost in optima" : undefined, ratio: r, head: `${r} : 1`,
    of: t => factor(t.over_optimum[r]),
  })));

  const cellText = v => v === undefined ? "" : typeof v === "number" ? count(v) : v;

  function isBest(row, column) {
    return column.ratio !== undefined && row.is === "policy"
      && trials.every(t => t.is !== "policy"
        || row.cost[column.ratio] <= t.cost[column.ratio]);
  }

  function drawHead(table) {
    const head = table.append("thead");
    const groups = head.append("tr"), names = head.append("tr");
    groups.append("th");
    names.append("th").text("policy");
    COLUMNS.forEach((column, i) => {
      if (column.group) {
        const next = COLUMNS.findIndex((c, k) => k > i && c.group);
        groups.append("th").attr("colspan",
          (next < 0 ? COLUMNS.length : next) - i).text(column.group);
      }
      names.append("th").text(column.head);
    });
  }

  function drawName(cell, row) {
    if (row.is === "optimum") {
      cell.append("span").attr("class", "gap");
      cell.append("span").text(row.name);
      return;
    }
    const label = cell.append("label");
    label.append("input").attr("type", "checkbox")
      .property("checked", chosen.has(row))
      .on("change", function () {
        if (this.checked) chosen.add(row); else chosen.delete(row);
        drawChosen();
      });
    label.append("span").text(row.name);
  }

  function drawTable() {
    const table = d3.select("#table");
    drawHead(table);
    const body = table.append("tbody");
    for (const row of model.points) {
      const line = body.append("tr").attr("class", row.is);
      drawName(line.append("td"), row);
      for (const column of COLUMNS) {
        line.append("td").classed("best", isBest(row, column))
          .text(cellText(column.of(row)));
      }
    }
  }

  // --- what the reader chooses ---

  const SPANS = [["1 day", 1], ["3 days", 3], ["1 week", 7], ["4 weeks", 28]];
  const moment = document.getElementById("moment");
  const span = document.getElementById("span");

  function drawKey() {
    const spanMs = Number(span.value) * DAY_MS;
    const first = Math.floor(data.key.from_ms / DAY_MS) * DAY_MS;
    const end = Math.ceil(data.key.to_ms / DAY_MS) * DAY_MS;
    const last = Math.max(first, end - spanMs);
    moment.max = (last - first) / DAY_MS;
    moment.disabled = last === first;
    const from = Math.min(last, first + Number(moment.value) * DAY_MS);
    d3.select("#moment-text").text(charts.dayText(from));
    const rows = optima.slice(0, 1)
      .map(row => Object.assign({ tokens: data.key.optimum }, row))
      .concat(trials.filter(t => chosen.has(t)));
    charts.key("#key", model, rows, from, spanMs);
  }

  function drawChosen() {
    charts.day("#day", model, trials.filter(t => chosen.has(t)));
    drawKey();
  }

  function drawRatio() {
    d3.select("#verdict").text(verdictText());
    charts.cost("#cost", model, ratio);
  }

  function offerRatios() {
    const place = d3.select("#ratios");
    for (const r of RATIOS) {
      const label = place.append("label");
      label.append("input").attr({ type: "radio", name: "ratio", value: r })
        .property("checked", r === ratio)
        .on("change", () => { ratio = r; drawRatio(); });
      label.append("span").text(` ${r} calls`);
    }
  }

  function offerSpans() {
    d3.select(span).selectAll("option").data(SPANS).enter().append("option")
      .attr("value", s => s[1]).property("selected", s => s[1] === 3)
      .text(s => s[0]);
    d3.select(span).on("change", drawKey);
    d3.select(moment).on("input", drawKey);
  }

  d3.select("#trace").text(data.name);
  d3.select("#setting").text(settingText());
  d3.select("#key-name").text(data.key.name);
  offerRatios();
  offerSpans();
  drawTable();
  drawRatio();
  drawChosen();
})();
