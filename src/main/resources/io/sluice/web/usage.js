// How the calls of an account were used. Nothing is read before the page is opened, and the updates of the overview leave it alone.
import { byId, h, text } from './dom.js';
import { call, query } from './api.js';
import { whatIf } from './what-if.js';
import { count, dated, day, duration, list, number, PRIORITIES, short, WEEKDAYS } from './words.js';

const TIMES = [[1, '24 hours'], [7, '7 days'], [30, '30 days'], [90, '90 days']];
const DEFAULT_DAYS = 7;
const DAY_MS = 86400000;
const HOUR_MS = 3600000;
const MAX_OPERATIONS = 8;
const HEAT_LEVELS = 5;

/** Opens the page; the address may name an account and a number of days. */
export function openUsage(given, accounts) {
  const account = accounts.includes(given.account) ? given.account : accounts[0];
  const days = TIMES.map(([value]) => value).find(value => String(value) === given.days) || DEFAULT_DAYS;
  const result = h('div', {});
  const summary = h('p', { class: 'lead', role: 'status' }, 'The usage is being read.');
  const form = h('form', {
    class: 'filters', role: 'search', onsubmit: event => {
      event.preventDefault();
      const address = '#/usage' + query({ account: form.elements.account.value, days: form.elements.days.value });
      if (location.hash === address) {
        openUsage({ account, days: String(days) }, accounts);
      } else {
        location.hash = address;
      }
    }
  },
    h('label', {}, 'Account', h('select', { name: 'account' }, accounts.map(name =>
      h('option', { value: name, selected: name === account }, name)))),
    h('label', {}, 'Time', h('select', { name: 'days' }, TIMES.map(([value, words]) =>
      h('option', { value, selected: value === days }, 'last ' + words)))),
    h('button', { class: 'main' }, 'Show'));
  byId('page-usage').replaceChildren(h('h1', {}, account ? 'Usage of ' + account : 'Usage'), form, summary, result);
  if (!account) {
    text(summary, 'There is no account.');
    return Promise.resolve();
  }
  return load(account, days, summary, result);
}

async function load(account, days, summary, result) {
  const to = new Date();
  const from = new Date(to.getTime() - days * DAY_MS);
  try {
    const usage = await report({ account, from: from.toISOString(), to: to.toISOString() });
    text(summary, (usage.total.calls === 0 ? 'No calls' : count(usage.total.calls, 'call')) + ' from ' + dated(usage.from)
      + (usage.since && usage.since > usage.from ? '; calls are known since ' + dated(usage.since) : '')
      + '. Hours and days are those of ' + usage.zone + '.');
    result.replaceChildren(
      h('h2', {}, 'At a glance'),
      h('div', { class: 'cards usage' }, totals(usage), heatMap(usage), priorities(usage), saved(usage.saved)),
      h('h2', { id: 'h-usage-syncs' }, 'Calls a day by sync'), ofSyncs(usage),
      h('h2', { id: 'h-usage-operations' }, 'Operations with the most calls'), operations(usage),
      whatIf(account, { from: from.toISOString(), to: to.toISOString() }, usage.bySync.map(it => it.sync)));
  } catch (failure) {
    text(summary, failure.message);
  }
}

/** Reads the report in the browser's time zone; in its present offset if the server does not know the zone, as if it is newer. */
async function report(times) {
  const read = zone => call('GET', '/api/usage' + query(Object.assign({ zone }, times)));
  try {
    return await read(Intl.DateTimeFormat().resolvedOptions().timeZone);
  } catch (failure) {
    if (!failure.message.startsWith("Parameter 'zone'")) {
      throw failure;
    }
    return read(offset(-new Date().getTimezoneOffset()));
  }
}

/** An offset such as +05:30. */
function offset(minutes) {
  const part = it => String(Math.trunc(Math.abs(it))).padStart(2, '0');
  return (minutes < 0 ? '-' : '+') + part(minutes / 60) + ':' + part(minutes % 60);
}

function card(title, ...content) {
  return h('article', { class: 'card', 'aria-label': title }, h('h3', {}, title), content);
}

function facts(pairs) {
  return h('dl', { class: 'facts' }, pairs.filter(Boolean).flatMap(([name, ...words]) => [h('dt', {}, name), h('dd', {}, words)]));
}

function totals(usage) {
  const total = usage.total;
  const days = Math.max(HOUR_MS, Math.min(Date.now(), Date.parse(usage.to)) - Date.parse(knownSince(usage))) / DAY_MS;
  const peak = usage.peaks[0];
  return card('All calls', facts([
    ['Calls a day', total.calls ? number(Math.round(total.calls / days)) : 'none'],
    peak ? ['Busiest hour', dated(peak.hour) + ' with ' + count(peak.calls, 'call')] : null,
    ['Records a call', usage.saved.recordsPerCall === null ? 'no call carried records'
      : number(usage.saved.recordsPerCall) + ', of the calls that carry records'],
    ['Throttled', number(total.throttled)],
    ['Without an answer', number(total.unanswered)]
  ]), usage.byAccount.map(errors));
}

/** The share of errors as a gauge; its whole length is twice what the vendor allows. */
function errors(account) {
  const allowed = account.maxErrorShare;
  const share = account.errorShare;
  const words = share + ' % of the calls were answered by errors; '
    + (allowed === null ? 'the vendor states no allowed share.' : 'the vendor allows ' + allowed + ' %.');
  if (allowed === null) {
    return h('div', { class: 'limit' }, h('div', { class: 'line' }, 'Errors ', h('strong', {}, share + ' %')),
      h('div', { class: 'note' }, words));
  }
  const fill = h('div', { class: 'fill' });
  fill.style.width = Math.min(100, share / allowed * 50) + '%';
  return h('div', { class: 'limit' },
    h('div', { class: 'line' }, h('span', {}, 'Errors ', h('strong', {}, share + ' %')), h('span', {}, 'allowed ' + allowed + ' %')),
    h('div', {
      class: 'gauge' + (share > allowed ? ' m95' : ''), role: 'meter', 'aria-label': 'Share of errors',
      'aria-valuemin': 0, 'aria-valuemax': 2 * allowed, 'aria-valuenow': Math.min(2 * allowed, share), 'aria-valuetext': words
    }, fill, h('span', { class: 'mark half' })),
    h('div', { class: 'note' }, words));
}

/** The usual calls of each hour of the week, as a table, so that each cell can be read. */
function heatMap(usage) {
  const usual = new Map(usage.heatMap.map(it => [it.weekday + it.hour, it.calls / it.hours]));
  const max = Math.max(0, ...usual.values());
  const known = knownHours(usage);
  const cell = (weekday, hour) => {
    if (!known.has(weekday + hour)) {
      return h('td', {});
    }
    const calls = usual.get(weekday + hour) || 0;
    const level = calls === 0 ? 0 : Math.max(1, Math.ceil(calls / max * HEAT_LEVELS));
    return h('td', { class: 'heat' + level }, short(calls));
  };
  return h('article', { class: 'card tall', 'aria-label': 'Calls by weekday and hour' },
    h('table', { class: 'heat' },
      h('caption', {}, h('strong', {}, 'Calls by weekday and hour'), h('span', { class: 'sub' }, 'the average of each hour')),
      h('thead', {}, h('tr', {}, h('th', { scope: 'col' }, 'Hour'), WEEKDAYS.map(name =>
        h('th', { scope: 'col' }, h('abbr', { title: name }, name.charAt(0).toUpperCase() + name.slice(1, 3)))))),
      h('tbody', {}, Array.from({ length: 24 }, (ignored, hour) => h('tr', {},
        h('th', { scope: 'row' }, String(hour).padStart(2, '0')), WEEKDAYS.map(weekday => cell(weekday, hour)))))));
}

/** The hours of the week for which calls are known: of those without a call the report says nothing. */
function knownHours(usage) {
  const known = new Set(usage.heatMap.map(it => it.weekday + it.hour));
  const end = Math.min(Date.parse(usage.to), Date.now());
  for (let at = Date.parse(knownSince(usage)); at < end; at += HOUR_MS) {
    known.add(WEEKDAYS[(new Date(at).getDay() + 6) % 7] + new Date(at).getHours());
  }
  return known;
}

function knownSince(usage) {
  return usage.since && usage.since > usage.from ? usage.since : usage.from;
}

function priorities(usage) {
  const shares = PRIORITIES.map(name => usage.byPriority.find(it => it.priority === name));
  const bar = h('div', { class: 'stacked', 'aria-hidden': 'true' }, shares.filter(it => it.share > 0).map(it => {
    const part = h('span', { class: 'c-' + it.priority });
    part.style.width = it.share + '%';
    return part;
  }));
  const critical = shares[0];
  return card('Critical against the rest',
    h('p', {}, usage.total.calls === 0 ? 'There were no calls.' : critical.share + ' % of the calls were critical, the other '
      + Math.round(1000 - critical.share * 10) / 10 + ' % were not.'),
    bar,
    h('ul', { class: 'legend' }, shares.map(it => h('li', { class: 'c-' + it.priority },
      h('span', {}, it.priority + ' ' + number(it.calls) + ' (' + it.share + ' %)')))));
}

function saved(it) {
  return card('Saved calls', facts([
    ['By batching', number(it.byBatching), h('span', { class: 'sub' }, 'records that shared the call of another')],
    ['By coalescing', number(it.byCoalescing), h('span', { class: 'sub' }, 'changes merged into one that still waited')],
    ['By caching', number(it.byCaching), h('span', { class: 'sub' }, 'reads answered from the cache')],
    ['By events', number(it.byEvents), h('span', { class: 'sub' }, 'records whose values came with an event')]
  ]));
}

function ofSyncs(usage) {
  const days = daysOf(usage);
  const max = Math.max(1, ...usage.bySync.flatMap(sync => sync.days.map(it => it.calls)));
  return table('h-usage-syncs', ['Sync', 'Calls a day', 'By day', 'Calls', 'Errors'], usage.bySync.map(sync => [
    [sync.sync, h('span', { class: 'sub' }, sync.object)],
    number(sync.callsPerDay >= 10 ? Math.round(sync.callsPerDay) : sync.callsPerDay || 0),
    bars(sync, days, max),
    [number(sync.calls), sync.sharedCalls
      ? h('span', { class: 'sub' }, number(sync.sharedCalls) + ' shared with other syncs') : null],
    number(sync.errors)
  ]), 'No sync of this account.');
}

/** The days of a report, which are those of the browser's zone. */
function daysOf(usage) {
  const days = [];
  const at = new Date(usage.from);
  at.setHours(12, 0, 0, 0);
  for (; at.getTime() - DAY_MS / 2 < Date.parse(usage.to); at.setDate(at.getDate() + 1)) {
    days.push([at.getFullYear(), at.getMonth() + 1, at.getDate()].map(it => String(it).padStart(2, '0')).join('-'));
  }
  return days;
}

function bars(sync, days, max) {
  const calls = new Map(sync.days.map(it => [it.day, it.calls]));
  const busy = sync.days.filter(it => it.calls > 0);
  const words = busy.length === 0 ? 'No calls'
    : list(busy.slice(-14).map(it => day(it.day) + ' ' + number(it.calls))) + (busy.length > 14 ? ', and earlier days' : '');
  return h('div', { class: 'bars', role: 'img', 'aria-label': 'Calls of ' + sync.sync + ' by day: ' + words },
    days.map(name => {
      const bar = h('span', { title: day(name) + ': ' + count(calls.get(name) || 0, 'call') });
      bar.style.height = calls.get(name) ? Math.max(6, calls.get(name) / max * 100) + '%' : '1px';
      return bar;
    }));
}

function operations(usage) {
  return table('h-usage-operations', ['Operation', 'Calls', 'Records a call', 'Answer time', 'Errors'],
    usage.byOperation.slice(0, MAX_OPERATIONS).map(it => [
      [it.operation],
      [number(it.calls), h('span', { class: 'sub' }, Math.round(it.calls / usage.total.calls * 1000) / 10 + ' %')],
      it.recordsPerCall === null ? 'none' : number(it.recordsPerCall),
      it.answerMillis === null ? 'no answer' : duration(it.answerMillis),
      number(it.errors)
    ]), 'There were no calls.');
}

/** A table whose rows begin with their heading. */
function table(label, columns, rows, none) {
  return rows.length === 0 ? h('p', { class: 'none' }, none) : h('table', { 'aria-labelledby': label },
    h('thead', {}, h('tr', {}, columns.map(name => h('th', { scope: 'col' }, name)))),
    h('tbody', {}, rows.map(([name, ...cells]) => h('tr', {}, h('th', { scope: 'row' }, name),
      cells.map((cell, i) => h('td', { 'data-label': columns[i + 1] }, cell))))));
}
