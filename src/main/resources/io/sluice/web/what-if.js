// What a recorded time would have been like under other assumptions, beside the same time without any.
import { h, show, text } from './dom.js';
import { call } from './api.js';
import { count, dated, duration, list, number, PRIORITIES } from './words.js';

const MARKS = [70, 85, 95, 100];
const MAX_STOPS = 8;

/** Makes the part; it replays the recorded calls when it is opened for the first time. */
export function whatIf(account, times, syncs) {
  const limits = h('div', { class: 'fields wide' });
  const form = h('form', { class: 'what-if', novalidate: true, onsubmit: event => {
    event.preventDefault();
    run();
  } },
    h('fieldset', {}, h('legend', {}, 'Limits'),
      h('p', { class: 'sub' }, 'In the form of the settings, such as 5000 per 24h.'), limits),
    h('fieldset', {}, h('legend', {}, 'Calls'), h('div', { class: 'fields' },
      field('Records of a call at most', 'batchSize', { inputmode: 'numeric', placeholder: 'as recorded' }),
      field('Time between polls', 'pollInterval', { placeholder: 'as recorded; 30s, 5m' }))),
    syncs.length ? h('fieldset', {}, h('legend', {}, 'Priorities'), h('div', { class: 'fields' },
      syncs.map(sync => h('label', {}, sync, choice('priorities.' + sync, 'as recorded'))))) : null,
    h('fieldset', {}, h('legend', {}, 'Another sync'), h('div', { class: 'fields' },
      field('Changes a day', 'addedSync.changesPerDay', { inputmode: 'numeric', placeholder: 'none' }),
      h('label', {}, 'Its priority', choice('addedSync.priority', null)))),
    h('div', { class: 'actions' }, h('button', { class: 'main' }, 'Replay'), h('button', { type: 'reset' }, 'Clear')));
  form.elements['addedSync.priority'].value = 'normal';
  const problem = h('p', { id: 'what-if-problem', class: 'bad', role: 'alert' });
  form.append(problem);
  const state = h('p', { class: 'lead', role: 'status' });
  const result = h('div');
  show(form, false);
  let baseline = null;
  let given = {};
  let asked = 0;

  form.addEventListener('reset', () => setTimeout(() => {
    complain(null);
    form.elements['addedSync.priority'].value = 'normal';
  }));

  async function replay(assumed) {
    const own = ++asked;
    complain(null);
    text(state, 'The recorded calls are replayed.');
    form.setAttribute('aria-busy', 'true');
    try {
      const answer = await call('POST', '/api/usage/what-if', Object.assign({ account }, times, assumed));
      return own === asked ? answer : null;
    } finally {
      if (own === asked) {
        text(state, '');
        form.removeAttribute('aria-busy');
      }
    }
  }

  async function open() {
    if (baseline) {
      return;
    }
    try {
      baseline = await replay({});
      if (!baseline) {
        return;
      }
      given = Object.fromEntries(baseline.limits.map(it => [it.limit, it.setting]));
      limits.replaceChildren(...Object.entries(given).map(([name, setting]) =>
        field(name, 'limits.' + name, { value: setting })));
      show(form, true);
      report(null, []);
    } catch (failure) {
      text(state, failure.message);
    }
  }

  async function run() {
    const [assumed, words] = assumptions(form, given);
    if (words.length === 0) {
      complain('Nothing is assumed: change a limit, a size, an interval or a priority, or add a sync.');
      return;
    }
    try {
      const answer = await replay(assumed);
      if (answer) {
        report(answer, words);
      }
    } catch (failure) {
      complain(failure.message);
    }
  }

  /** Shows what is wrong beside the form, and takes the focus to the field that is named. */
  function complain(message) {
    text(problem, message || '');
    for (const element of form.elements) {
      element.removeAttribute('aria-invalid');
      element.removeAttribute('aria-describedby');
    }
    const named = message && message.match(/^Field '([^']+)'/);
    const wrong = named && form.elements[named[1]];
    if (wrong) {
      wrong.setAttribute('aria-invalid', 'true');
      wrong.setAttribute('aria-describedby', problem.id);
      wrong.focus();
    }
  }

  function report(assumed, words) {
    result.replaceChildren(comparison(baseline, assumed));
    text(state, assumed ? 'Assumed: ' + list(words) + '.'
      : count(baseline.calls.recorded, 'recorded call') + ', replayed without assumptions.');
  }

  const details = h('details', { class: 'act', ontoggle: () => details.open && open() },
    h('summary', {}, h('h2', {}, 'What if')),
    h('p', { class: 'lead' }, 'Replays the calls of this time, as far as the ledger keeps them, under other assumptions.'
      + ' Nothing changes and no call is made; the result is an estimate.'),
    form, state, result);
  return details;
}

function field(words, name, properties) {
  return h('label', {}, words, h('input', Object.assign({ name, autocomplete: 'off' }, properties)));
}

function choice(name, none) {
  return h('select', { name }, none ? h('option', { value: '' }, none) : null,
    PRIORITIES.map(priority => h('option', { value: priority }, priority)));
}

/** The body of the request, and its assumptions in words. Digits are sent as a number; the server says what else is wrong. */
function assumptions(form, given) {
  const assumed = {};
  const words = [];
  for (const [name, entered] of new FormData(form)) {
    const value = entered.trim();
    const [part, ...rest] = name.split('.');
    const key = rest.join('.');
    if (value === '' || name === 'addedSync.priority' || part === 'limits' && value === given[key]) {
      continue;
    }
    const typed = (name === 'batchSize' || part === 'addedSync') && /^\d{1,15}$/.test(value) ? Number(value) : value;
    if (key) {
      assumed[part] = Object.assign(assumed[part] || {}, { [key]: typed });
    } else {
      assumed[part] = typed;
    }
    words.push(inWords(part, key, value));
  }
  if (assumed.addedSync) {
    assumed.addedSync.priority = form.elements['addedSync.priority'].value;
  }
  return [assumed, words];
}

function inWords(part, key, value) {
  return {
    limits: 'limit ' + key + ' of ' + value,
    batchSize: 'at most ' + value + ' records a call',
    pollInterval: 'a poll every ' + value,
    priorities: key + ' is ' + value,
    addedSync: 'a sync with ' + value + ' changes a day'
  }[part];
}

/** A table of both results; before the first assumption of the baseline alone. */
function comparison(baseline, assumed) {
  const results = assumed ? [baseline, assumed] : [baseline];
  const names = ['As recorded', 'As assumed'];
  const row = (name, of) => h('tr', {}, h('th', { scope: 'row' }, name),
    results.map((it, i) => h('td', { 'data-label': names[i] }, of(it))));
  const limits = [...new Set(results.flatMap(it => it.limits.map(limit => limit.limit)))];
  return h('table', { class: 'comparison' },
    h('caption', { class: 'sub' }, 'From ' + dated(baseline.from) + ' to ' + dated(baseline.to)),
    h('thead', {}, h('tr', {}, h('th', { scope: 'col' }, 'Result'), results.map((it, i) => h('th', { scope: 'col' }, names[i])))),
    h('tbody', {},
      row('Calls wanted', it => number(it.calls.wanted)),
      row('Calls made', it => number(it.calls.made)),
      row('Still waiting at the end', it => number(it.calls.waiting)),
      results.some(it => it.calls.omittedPolls) ? row('Polls left out for want of a permit', it => number(it.calls.omittedPolls)) : null,
      PRIORITIES.filter(name => results.some(it => latency(it, name).calls)).map(name =>
        row('Latency of ' + name + ' calls', it => latencyWords(latency(it, name)))),
      limits.map(name => row('Limit ' + name, it => limitWords(it.limits.filter(limit => limit.limit === name)))),
      row('Work stopped by limits', stops)));
}

function latency(result, priority) {
  return result.latency.find(it => it.priority === priority);
}

function latencyWords(it) {
  return it.calls ? ['median ' + duration(it.p50Millis), h('span', { class: 'sub' }, '99th percentile ' + duration(it.p99Millis))] : 'no calls';
}

function limitWords(limits) {
  return limits.map(it => [
    'highest use ' + it.peakPercent + ' %',
    MARKS.filter(mark => it['reached' + mark]).map(mark =>
      h('span', { class: 'sub' }, mark + ' % at ' + dated(it['reached' + mark])))
  ]);
}

function stops(result) {
  if (result.stops.length === 0) {
    return 'none';
  }
  const left = result.stops.length - MAX_STOPS + result.moreStops;
  return h('ul', { class: 'stops' }, result.stops.slice(0, MAX_STOPS).map(it => h('li', {},
    it.priority + ' by ' + it.limit + ' from ' + dated(it.from) + (it.until ? ' until ' + dated(it.until) : ' until the end'))),
  left > 0 ? h('li', {}, 'and ' + number(left) + ' more') : null);
}
