// Draws the report from the data island. What rows say is only ever put into text nodes.
"use strict";

const DATA = JSON.parse(document.getElementById("data").textContent);
const PAGE_ROWS = 25;
const PARENTS = ["rephrased_from", "parent_id", "subject_id", "discipline_id"];
const BODY = ["question", "answer", "text"];
const charts = [];

function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") node[name] = value;
    else if (value !== undefined) node.setAttribute(name, value);
  }
  for (const child of children.flat()) {
    if (child !== null && child !== undefined) node.append(child);  // strings become text nodes
  }
  return node;
}

const count = (n) => Number(n).toLocaleString("en");
const rowsOf = (n) => `${count(n)} ${n === 1 ? "row" : "rows"}`;
const share = (a, b) => (b ? `${((100 * a) / b).toFixed(1)} %` : "");
const shown = (value) => (typeof value === "string" ? value : JSON.stringify(value));
const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

function table(titles, rows) {
  const cells = (row) => row.map((cell) => el("td", typeof cell === "number" ? { class: "number" } : {},
    typeof cell === "number" ? count(cell) : cell));
  return el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": titles.join(", ") }, el("table", {},
    el("thead", {}, el("tr", {}, titles.map((title) => el("th", { scope: "col" }, title)))),
    el("tbody", {}, rows.map((row) => el("tr", {}, cells(row))))));
}

// A chart with its table. `option` is a function, called again when light and dark change.
function figure(title, option, titles, rows, { tall = false, note = "" } = {}) {
  const place = el("div", { class: tall ? "chart tall" : "chart", role: "img" });
  place.setAttribute("aria-label", `${title}; the table below has the numbers`);
  charts.push({ place, option });
  return el("figure", {}, el("figcaption", {}, title), note ? el("p", { class: "faint" }, note) : null, place,
    el("details", {}, el("summary", {}, "As a table"), table(titles, rows)));
}

function draw() {
  const axis = { axisLabel: { color: colour("--faint") }, axisLine: { lineStyle: { color: colour("--line") } },
    splitLine: { lineStyle: { color: colour("--line") } } };
  for (const chart of charts) {
    chart.made ??= echarts.init(chart.place, null, { renderer: "canvas" });
    const option = chart.option();
    for (const key of ["xAxis", "yAxis"]) {
      if (option[key]) option[key] = { ...axis, ...option[key], axisLabel: { ...axis.axisLabel, ...option[key].axisLabel } };
    }
    chart.made.setOption({
      animation: false, backgroundColor: "transparent", textStyle: { color: colour("--text") },
      grid: { left: 8, right: 16, top: 24, bottom: 8, containLabel: true },
      tooltip: { trigger: "item", renderMode: "richText", confine: true }, ...option,
    }, true);
  }
}

function resize() {
  charts.forEach((chart) => chart.made.resize());
}

function section(id, title, draws, about = "") {
  const drawn = DATA.runs.map(draws);
  if (drawn.every((part) => part === null)) return null;
  return el("section", { id, "aria-labelledby": `${id}-title` }, el("h2", { id: `${id}-title` }, title),
    about ? el("p", { class: "faint" }, about) : null,
    el("div", { class: "runs" }, drawn.map((part, number) => el("div", {},
      DATA.runs.length > 1 ? el("h3", {}, DATA.runs[number].root) : null, part ?? el("p", {}, "Nothing of this here.")))));
}

// The sections, each for one run

function facts(run) {
  const pairs = [["Recipe", run.recipe], ["Run", run.run], ["Rows", count(run.n_rows)], ["Root", run.root || null],
    ["Made with", run.made_with], ["Models", run.models.join(", ") || "none"]];
  return el("dl", {}, pairs.filter(([, value]) => value !== null).flatMap(([name, value]) => [el("dt", {}, name), el("dd", {}, value)]));
}

function funnel(run) {
  const steps = run.steps.filter((step) => step.state !== "waits");
  const names = steps.map((step) => step.name).reverse();
  const bars = (name, key, tint) => ({ name, type: "bar", stack: "rows", itemStyle: { color: colour(tint) },
    data: steps.map((step) => step[key]).reverse() });
  const rejected = (step) => Object.values(step.rejected).reduce((sum, n) => sum + n, 0);
  for (const step of steps) {
    step.dropped = rejected(step);
    step.spared = step.not_drawn;
  }
  const reasons = (step) => el("span", {}, Object.entries(step.rejected).sort((a, b) => b[1] - a[1]).map(([reason, n]) =>
    el("button", { class: "reason", type: "button", onclick: () => browse(run, step.name, reason) }, `${reason} ${count(n)}`)));
  const titles = ["step", "stage", "in", "kept", "rejected", "reasons: click one to read examples"];
  const rows = steps.map((step) => [step.name, step.stage, step.rows_in, step.kept, step.dropped, reasons(step)]);
  const chart = figure("Rows kept and rejected by step", () => ({
    legend: { textStyle: { color: colour("--text") }, right: 0, top: 0 }, xAxis: { type: "value" },
    yAxis: { type: "category", data: names, axisLabel: { interval: 0, fontSize: 11 } },
    series: [bars("kept", "kept", "--kept"), bars("rejected", "dropped", "--dropped"),
      ...(steps.some((step) => step.spared) ? [bars("not drawn", "spared", "--none")] : [])],
  }), titles.slice(0, 5), rows.map((row) => row.slice(0, 5)), { tall: true, note: steps.some((step) => step.spared)
    ? `not drawn: the step takes a share of the rows; nothing is wrong with the others, which go on as they are` : "" });
  return el("div", {}, chart, table(titles, rows));
}

function mixed(part) {  // from dropped to kept
  const parse = (name) => colour(name).match(/[0-9a-f]{2}/gi).map((pair) => parseInt(pair, 16));
  const [from, to] = [parse("--dropped"), parse("--kept")];
  return `rgb(${from.map((value, i) => Math.round(value + (to[i] - value) * part)).join(",")})`;
}

function treeOf(leaves) {
  const top = [];
  const child = (nodes, name) => nodes.find((node) => node.name === name) ??
    nodes[nodes.push({ name, made: 0, kept: 0, children: [] }) - 1];
  for (const leaf of leaves) {
    let nodes = top;
    for (const name of [leaf.field, leaf.subfield, leaf.discipline].filter(Boolean)) {
      const node = child(nodes, name);
      node.made += leaf.made;
      node.kept += leaf.kept;
      nodes = node.children;
    }
  }
  const finish = (node) => ({ ...node, value: node.kept,
    itemStyle: { color: node.made ? mixed(node.kept / node.made) : colour("--none"), borderColor: colour("--raised") },
    children: node.children.length ? node.children.map(finish) : undefined });
  return top.map(finish);
}

function taxonomy(run) {
  const leaves = run.taxonomy;
  if (!leaves.length) return null;
  const empty = leaves.filter((leaf) => !leaf.kept).map((leaf) => leaf.discipline);
  const upper = { upperLabel: { show: true, height: 20, color: colour("--text") }, itemStyle: { gapWidth: 1 } };
  return el("div", {},
    el("p", {}, `${count(leaves.length - empty.length)} of ${count(leaves.length)} disciplines have rows. Area: rows of the `
      + "dataset. Colour: share of the questions made that were accepted, 0 % ", el("span", { class: "scale" }), " 100 %."),
    figure("Rows by place in the taxonomy", () => ({
      tooltip: { renderMode: "richText", formatter: ({ data }) => data.name
        ? `${data.name}\n${rowsOf(data.kept)} of ${count(data.made)} made, ${share(data.kept, data.made)}` : "" },
      series: [{ type: "treemap", roam: false, leafDepth: 3, width: "100%", height: "88%", top: 0,
        name: "all", label: { color: colour("--ground"), overflow: "break" }, levels: [{ upperLabel: { show: false } }, upper, upper, {}],
        breadcrumb: { itemStyle: { color: colour("--line"), textStyle: { color: colour("--text") } } }, data: treeOf(leaves) }],
    }), ["field", "subfield", "discipline", "made", "rows", "accepted"],
    leaves.map((leaf) => [leaf.field, leaf.subfield, leaf.discipline, leaf.made, leaf.kept, share(leaf.kept, leaf.made)]),
    { tall: true }),
    empty.length ? el("p", {}, `Without rows: ${empty.join(", ")}.`) : null);
}

// `kept`: the same of rows that stayed, below those that went.
function histogram(title, spread, { limits = [], kept = [], note = "" } = {}) {
  const short = (value) => Number(value).toLocaleString("en", { maximumSignificantDigits: 4 });
  const label = (i) => `${short(spread.edges[i])} to ${short(spread.edges[i + 1])}`;
  const rows = spread.counts.map((n, i) => (kept.length ? [label(i), n, kept[i]] : [label(i), n]));
  const width = spread.edges[1] - spread.edges[0];
  const middle = (i) => (spread.edges[i] + spread.edges[i + 1]) / 2;
  const [first, last] = [spread.edges[0], spread.edges.at(-1)];
  const near = limits.filter((limit) => limit >= 2 * first - last && limit <= 2 * last - first);
  const far = limits.filter((limit) => !near.includes(limit));
  const least = Math.min(first, ...near), most = Math.max(last, ...near);
  const blocks = (name, tint, counts, below) => ({ name, type: "custom", itemStyle: { color: colour(tint) }, encode: { x: 0, y: 1 },
    data: counts.map((n, i) => [middle(i), n + (below[i] ?? 0), below[i] ?? 0]),
    renderItem: (params, api) => {
      const [x0, y0] = api.coord([api.value(0) - width / 2, api.value(1)]);
      const [x1, y1] = api.coord([api.value(0) + width / 2, api.value(2)]);
      return { type: "rect", shape: { x: x0 + 0.5, y: y0, width: Math.max(1, x1 - x0 - 1), height: y1 - y0 }, style: api.style() };
    } });
  return figure(title, () => ({
    legend: kept.length ? { textStyle: { color: colour("--text") }, bottom: 0 } : undefined,
    grid: { left: 8, right: 24, top: 24, bottom: kept.length ? 28 : 8, containLabel: true },
    xAxis: { type: "value", min: least, max: most, axisLabel: { hideOverlap: true, showMinLabel: false, showMaxLabel: false, formatter: short } }, yAxis: { type: "value", minInterval: 1 },
    series: [...(kept.length ? [blocks("kept", "--kept", kept, [])] : []),
      { ...blocks(limits.length ? "rejected" : "rows", limits.length ? "--dropped" : "--accent", spread.counts, kept),
        markLine: { symbol: "none", silent: true, lineStyle: { color: colour("--text"), type: "solid" },
          label: { color: colour("--text"), formatter: ({ value }) => `limit ${value}` }, data: near.map((xAxis) => ({ xAxis })) } }],
  }), kept.length ? ["from, to", "rejected", "kept"] : ["from, to", "rows"], rows,
  { note: [note, far.length ? `the limit, ${far.join(" or ")}, is far from all` : ""].filter(Boolean).join("; ") });
}

function bars(title, spread) {
  const rows = spread.names.map((name, i) => [name, spread.counts[i]]);
  return figure(title, () => ({
    xAxis: { type: "value", minInterval: 1 },
    yAxis: { type: "category", data: [...spread.names].reverse(), axisLabel: { width: 120, overflow: "truncate" } },
    series: [{ type: "bar", itemStyle: { color: colour("--accent") }, data: [...spread.counts].reverse() }],
  }), [title, "rows"], rows);
}

function spreads(run) {
  if (!run.spreads.length) return null;
  return el("div", { class: "charts" }, run.spreads.map((spread) => spread.names ? bars(spread.title, spread)
    : histogram(spread.title, spread, { note: `least ${spread.least}, median ${spread.median}, most ${spread.most}` })));
}

function measures(run) {
  if (!run.measures.length) return null;
  const byDropped = [...run.measures].sort((a, b) => b.n - a.n);
  const drawn = (some) => el("div", { class: "charts" }, some.map((measure) => histogram(`${measure.reason} (${measure.step})`, measure,
    { limits: measure.limits, kept: measure.kept, note: measure.n ? `${rowsOf(measure.n)} dropped` : "nothing dropped" })));
  const idle = byDropped.filter((measure) => !measure.n);
  return el("div", {}, drawn(byDropped.filter((measure) => measure.n)), idle.length ? el("details", { ontoggle: resize },
    el("summary", {}, `${count(idle.length)} measures by which nothing was dropped`), drawn(idle)) : null);
}

function body(row) {
  return BODY.filter((name) => row[name]).map((name) => el("div", { class: "text" }, el("span", { class: "faint" }, `${name}: `), row[name]));
}

function duplicates(run) {
  if (!run.duplicates.length) return null;
  const list = el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Duplicates" });
  const reasons = [...new Set(run.duplicates.map((pair) => pair.reason))];
  const pick = choice("reason", reasons, () => fill());
  const fill = () => list.replaceChildren(...run.duplicates.filter((pair) => !pick.value || pair.reason === pick.value).map((pair) =>
    el("div", { class: "row" }, el("span", { class: "mark rejected" }, pair.reason), ` in ${pair.step}`,
      pair.got === null ? null : `, similarity ${shown(pair.got)}`,
      el("div", { class: "pair" }, el("div", {}, el("strong", {}, "went"), body(pair.row)),
        el("div", {}, el("strong", {}, "stayed"), pair.twin.step ? body(pair.twin) : el("p", {}, `${pair.twin.id}, which is not a row of this run`))))));
  fill();
  return el("div", {}, el("div", { class: "controls" }, el("label", {}, "reason", pick)), list);
}

function clusters(run) {
  if (!run.clusters.length) return null;
  const members = (rows) => el("div", {}, rows.map((row) => el("div", { class: "row" }, body(row))));
  return table(["step", "size", "kept", "complexity", "most typical", "strangest"], run.clusters.map((group) =>
    [group.step, group.size, group.kept, String(group.complexity), members(group.typical), members(group.strangest)]));
}

function costs(run) {
  const asked = run.steps.filter((step) => step.requests);
  const titles = ["step", "model", "requests", "sent", "retries", "replies asked again", "prompt tokens", "output tokens", "seconds",
    "rows/s", "output tokens/s", "USD"];
  const rate = (n, seconds) => (seconds ? (n / seconds).toFixed(1) : "");
  const steps = run.steps.filter((step) => step.state !== "waits");
  const rows = steps.map((step) => [step.name, step.model, step.requests, step.sent, step.retries, step.bad_replies, step.prompt_tokens,
    step.output_tokens, step.span_s.toFixed(1), rate(step.rows_in, step.span_s), step.sent ? rate(step.output_tokens, step.span_s) : "",
    step.usd === null ? "" : step.usd.toFixed(4)]);
  const { seconds, ...sums } = run.series;
  const kinds = [["output_tokens", "output tokens", "--accent"], ["prompt_tokens", "prompt tokens", "--none"]];
  const lines = asked.length && seconds.length > 1 ? figure("Tokens over time, summed up", () => ({
    legend: { textStyle: { color: colour("--text") }, top: 0 }, tooltip: { trigger: "axis", renderMode: "richText" },
    xAxis: { type: "value", name: "s", max: "dataMax" }, yAxis: { type: "value" },
    series: kinds.map(([key, name, tint]) => ({ name, type: "line", showSymbol: false, itemStyle: { color: colour(tint) },
      data: seconds.map((at, i) => [at, sums[key][i]]) })),
  }), ["seconds", "requests sent", "retries", "replies asked again", "prompt tokens", "output tokens"],
  seconds.map((at, i) => [at, sums.sent[i], sums.retries[i], sums.bad_replies[i], sums.prompt_tokens[i], sums.output_tokens[i]])) : null;
  const worked = Object.entries(run.rows_over_time);
  const rowsOver = worked.length ? figure("Rows over time, by step", () => ({
    legend: { type: "scroll", textStyle: { color: colour("--text") }, pageTextStyle: { color: colour("--text") }, top: 0 },
    tooltip: { trigger: "item", renderMode: "richText", formatter: ({ seriesName, data }) => `${seriesName}: ${count(data[1])} rows after ${data[0]} s` },
    xAxis: { type: "value", name: "s", max: "dataMax" }, yAxis: { type: "value" },
    series: worked.map(([name, line]) => ({ name, type: "line", symbolSize: 4, data: line.seconds.map((at, i) => [at, line.rows[i]]) })),
  }), ["step", "first rows after, s", "last rows after, s", "rows"],
  worked.map(([name, line]) => [name, line.seconds[0].toFixed(1), line.seconds.at(-1).toFixed(1), line.rows.at(-1)]), { tall: true }) : null;
  const caches = Object.entries(run.prefix_cache).map(([model, cache]) => el("p", {},
    `${model}: ${share(cache.hits, cache.queries)} of the prompt tokens were in the server's prefix cache.`));
  return el("div", {}, lines, rowsOver, caches, table(titles, rows));
}

// The browser of rows

function choice(name, options, onchange) {
  return el("select", { "aria-label": name, onchange }, el("option", { value: "" }, "all"),
    options.map((option) => el("option", { value: option }, option)));
}

const browsers = new Map();

function browse(run, step, reason) {
  browsers.get(run).set({ step, reason, status: "rejected" });
  document.getElementById("rows").scrollIntoView();
  browsers.get(run).focus();
}

function browser(run) {
  const values = (name) => [...new Set(run.rows.map((row) => row[name]).filter(Boolean))].sort();
  const keys = ["step", "reason", "field", "discipline", "style", "task", "document"].filter((key) => values(key).length);
  const list = el("div", { "aria-live": "polite" });
  let page = 0;
  const again = () => { page = 0; fill(); };
  const search = el("input", { type: "search", "aria-label": "search", oninput: again });
  const status = choice("status", ["kept", "rejected"], again);
  const picks = Object.fromEntries(keys.map((key) => [key, choice(key, values(key), again)]));
  const words = new Map(run.rows.map((row) => [row, JSON.stringify(row).toLowerCase()]));
  const fits = (row) => (!status.value || (row.reason ? "rejected" : "kept") === status.value)
    && keys.every((key) => !picks[key].value || String(row[key]) === picks[key].value)
    && (!search.value || words.get(row).includes(JSON.stringify(search.value.toLowerCase()).slice(1, -1)));
  const turn = (by) => el("button", { type: "button", onclick: () => { page += by; fill(); } }, by < 0 ? "Back" : "On");
  function fill() {
    const found = run.rows.filter(fits);
    const pages = Math.max(1, Math.ceil(found.length / PAGE_ROWS));
    page = Math.min(Math.max(page, 0), pages - 1);
    list.replaceChildren(el("p", { class: "found" }, `${count(found.length)} of ${count(run.rows.length)} rows; page ${page + 1} of ${pages} `,
      page > 0 ? turn(-1) : null, page + 1 < pages ? turn(1) : null),
    ...found.slice(page * PAGE_ROWS, (page + 1) * PAGE_ROWS).map((row) => card(run, row)));
  }
  browsers.set(run, {
    set: (to) => {
      search.value = "";
      for (const key of keys) picks[key].value = to[key] ?? "";
      status.value = to.status;
      again();
    },
    focus: () => status.focus(),
  });
  fill();
  const drawn = [`${count(run.sampled.kept)} of ${count(run.n_kept)} kept rows`, `${count(run.sampled.rejected)} of ${count(run.n_rejected)} rejected ones`];
  const withheld = run.is_public ? " What was rejected, and what the model was asked, stay where the run is." : "";
  return el("div", {}, el("p", { class: "faint" }, `Shown are ${drawn.join(" and ")}, drawn by their ids.${withheld}`),
    el("div", { class: "controls" }, el("label", {}, "search", search), el("label", {}, "status", status),
      keys.map((key) => el("label", {}, key, picks[key]))), list);
}

function verdict(row) {
  if (!row.reason) return el("span", { class: "mark kept" }, "kept");
  const told = ["got", "limit"].filter((name) => row[name] !== undefined && row[name] !== null).map((name) => `${name} ${shown(row[name])}`);
  return el("span", {}, el("span", { class: "mark rejected" }, row.reason), ` in ${row.step}${told.length ? `: ${told.join(", ")}` : ""}`);
}

function card(run, row) {
  const place = [row.field, row.discipline, row.subject, row.document, row.task, row.style].filter(Boolean).join(" · ");
  return el("article", { class: "row" }, verdict(row), " ", el("span", { class: "faint" }, place), body(row),
    el("button", { type: "button", onclick: () => detail(run, row) }, "Where it comes from"));
}

function fields(row) {
  return el("dl", {}, Object.entries(row).flatMap(([name, value]) => [el("dt", {}, name), el("dd", {}, shown(value))]));
}

function detail(run, row) {
  const dialog = document.getElementById("detail");
  const links = [];
  const byId = new Map(run.rows.map((other) => [other.id, other]));
  for (let here = row; here; ) {
    links.push(here);
    const above = PARENTS.map((name) => here[name]).filter((id) => id && id !== here.id);
    here = above.map((id) => run.ancestors[id] ?? byId.get(id)).find((found) => found && !links.includes(found));
  }
  const asked = run.asked[row.id];
  const requests = asked ? asked.map((request) => el("details", {}, el("summary", {}, `Asked in ${request.step}`),
    request.turns.map((turn) => el("div", { class: "text" }, el("strong", {}, `${turn.role}: `), turn.content)),
    el("div", { class: "text" }, el("strong", {}, "reply: "), request.reply)))
    : [el("p", { class: "faint" }, run.is_public ? "Prompts and replies stay where the run is."
      : `Prompts and replies are in the page for some rows; for this one: academe show --id ${row.id} --root ROOT`)];
  dialog.replaceChildren(el("h2", { id: "detail-title" }, "One row and its lineage"), verdict(row),
    ...links.map((link, number) => el("section", { class: "row" }, el("h3", {}, number ? `made of, in ${link.step}` : "the row"), fields(link))),
    el("h3", {}, "What the model was asked"), ...requests,
    el("button", { type: "button", onclick: () => dialog.close() }, "Close"));
  dialog.showModal();
  dialog.scrollTop = 0;
}

function start() {
  const root = document.getElementById("report");
  document.documentElement.style.setProperty("--n-runs", DATA.runs.length);
  const sections = [
    section("funnel", "What stayed, and why the rest went", funnel),
    section("taxonomy", "Taxonomy", taxonomy),
    section("spreads", "How the rows of the dataset are spread", spreads),
    section("limits", "What filters measured", measures, "What each filter measured of the rows that it dropped and of those that it kept, with the limit drawn in; those that dropped most come first. "
      + "Of many rows that it kept a sample is measured, and the counts are estimates. Many just beyond a limit: it may be too tight. None near it: it does not decide."),
    section("duplicates", "Duplicates beside what stayed", duplicates),
    section("clusters", "Clusters", clusters),
    section("costs", "Requests, tokens, time", costs),
    section("rows", "Rows", browser),
  ].filter(Boolean);
  const links = sections.map((part) => el("li", {}, el("a", { href: `#${part.id}` }, part.querySelector("h2").textContent)));
  root.append(el("header", {}, el("h1", {}, DATA.title), el("div", { class: "runs" }, DATA.runs.map(facts)),
    el("nav", { "aria-label": "Sections" }, el("ul", {}, links))), ...sections);
  draw();
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
  addEventListener("resize", resize);
  document.documentElement.dataset.drawn = "yes";
}

start();
