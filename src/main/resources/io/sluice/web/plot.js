// A plot of an account's calls, stacked by operation or by priority.
import uPlot from '/page/uplot.js';
import { call, query } from './api.js';
import { h, text } from './dom.js';
import { count, list, number, PRIORITIES } from './words.js';

const REFRESH_MS = 15000;
const MAX_OPERATIONS = 7;
const HOURS = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' });
const CLOCK = seconds => HOURS.format(new Date(seconds * 1000));

/** Makes the figure; it reads its calls while it can be seen. */
export function callPlot(account) {
  const by = h('select', { onchange: () => draw() },
    h('option', { value: 'priorities' }, 'by priority'), h('option', { value: 'operations' }, 'by operation'));
  const minutes = h('select', { onchange: () => load() },
    [[15, '15 minutes'], [180, '3 hours'], [1440, '24 hours']].map(([value, words]) =>
      h('option', { value, selected: value === 15 }, words)));
  const area = h('div', { class: 'plot', role: 'img' });
  const legend = h('ul', { class: 'legend' });
  const summary = h('figcaption');
  const element = h('figure', {},
    h('div', { class: 'actions' }, h('label', {}, 'Calls ', by), h('label', {}, 'of the last ', minutes)),
    area, legend, summary);
  let calls = null;
  let plot = null;

  async function load() {
    if (document.hidden || element.offsetParent === null) {
      return;
    }
    try {
      calls = await call('GET', '/api/calls' + query({ account, minutes: minutes.value }));
      draw();
    } catch (failure) {
      text(summary, failure.message);
    }
  }

  function draw() {
    if (!calls) {
      return;
    }
    const series = by.value === 'priorities' ? ofPriorities(calls) : ofOperations(calls);
    const total = series.reduce((sum, one) => sum + one.total, 0);
    const words = total === 0 ? 'No calls in this time.'
      : count(total, 'call') + ': ' + list(series.filter(one => one.total).map(one => number(one.total) + ' ' + one.name)) + '.';
    text(summary, words);
    area.setAttribute('aria-label', 'Calls of ' + account + ' over time. ' + words);
    legend.replaceChildren(...series.filter(one => one.total).map(one =>
      h('li', { class: one.colour }, h('span', {}, one.name + ' ' + number(one.total)))));
    const start = Date.parse(calls.from) / 1000;
    const steps = series.length ? series[0].values.length : 0;
    const times = Array.from({ length: steps }, (ignored, i) => start + i * calls.stepMs / 1000);
    const drawn = series.filter(one => one.total);
    const stacked = stack(drawn);
    if (plot) {
      plot.destroy();
    }
    plot = new uPlot({
      width: Math.max(200, area.clientWidth),
      height: 150,
      cursor: { show: false },
      legend: { show: false },
      scales: { y: { range: (ignored, min, max) => [0, Math.max(4, max)] } },
      axes: [Object.assign(axis(), { values: (ignored, at) => at.map(CLOCK) }), Object.assign(axis(), { size: 44 })],
      series: [{}].concat(drawn.map(one => ({
        fill: colourOf(one.colour), width: 0, points: { show: false }, paths: uPlot.paths.stepped({ align: 1 })
      })).reverse())
    }, [times].concat(stacked.reverse()), area);
  }

  setInterval(load, REFRESH_MS);
  document.addEventListener('visibilitychange', load);
  window.addEventListener('resize', () => draw());
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => draw());
  requestAnimationFrame(load);
  return { element, load };
}

function axis() {
  const style = getComputedStyle(document.documentElement);
  return {
    stroke: style.getPropertyValue('--soft'),
    grid: { stroke: style.getPropertyValue('--line'), width: 1 },
    ticks: { stroke: style.getPropertyValue('--line') }
  };
}

function colourOf(colour) {
  return getComputedStyle(document.documentElement).getPropertyValue('--' + colour.slice(2));
}

/** The sums from below, so that the topmost area is drawn first. */
function stack(series) {
  const sums = [];
  series.forEach((one, i) => sums.push(one.values.map((value, at) => value + (i === 0 ? 0 : sums[i - 1][at]))));
  return sums;
}

function ofPriorities(calls) {
  return PRIORITIES.map(name => one(name, 'c-' + name, calls.priorities[name]));
}

function ofOperations(calls) {
  const all = Object.entries(calls.operations)
    .map(([name, values]) => one(name, '', values))
    .sort((a, b) => b.total - a.total);
  const shown = all.slice(0, MAX_OPERATIONS);
  const rest = all.slice(MAX_OPERATIONS);
  if (rest.length) {
    shown.push(one('others', '', rest[0].values.map((ignored, at) => rest.reduce((sum, it) => sum + it.values[at], 0))));
  }
  shown.forEach((it, i) => { it.colour = 'c-op' + (i + 1); });
  return shown;
}

function one(name, colour, values) {
  return { name, colour, values, total: values.reduce((sum, value) => sum + value, 0) };
}
