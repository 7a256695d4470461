// The table of the syncs: both directions, what waits, differences, long work.
import { h, show, text } from './dom.js';
import { pauseButton, pauseOrResume } from './accounts.js';
import { count, duration, number, PRIORITIES, rate, time } from './words.js';

const RATE_MS = 10000;

/** Keeps the rows up to date; each is made once, so that the focus stays where it is. */
export function syncRows(body) {
  const rows = new Map();
  let filter = '';
  return {
    update(name, sync) {
      if (!rows.has(name)) {
        rows.set(name, row(name));
        body.append(rows.get(name).element);
      }
      rows.get(name).update(sync);
      show(rows.get(name).element, matches(name, sync, filter));
    },
    tick(at) {
      rows.forEach(it => it.tick(at));
    },
    /** Begins the rates again: another replica counts its own records, and has another clock. */
    restart() {
      rows.forEach(it => it.restart());
    },
    filter(words, syncs) {
      filter = words.trim().toLowerCase();
      rows.forEach((it, name) => show(it.element, matches(name, syncs.get(name), filter)));
    },
    removeOthers(names) {
      for (const [name, it] of rows) {
        if (!names.has(name)) {
          it.element.remove();
          rows.delete(name);
        }
      }
    },
    get size() {
      return rows.size;
    }
  };
}

function matches(name, sync, filter) {
  return filter === '' || [name, sync.table, sync.account, sync.object].some(it => (it || '').toLowerCase().includes(filter));
}

function row(name) {
  const cell = label => h('td', { 'data-label': label });
  const what = h('span', { class: 'sub' });
  const outRate = h('span');
  const outLag = h('span', { class: 'sub' });
  const outWork = h('span', { class: 'sub' });
  const inRate = h('span');
  const inLag = h('span', { class: 'sub' });
  const inPoll = h('span', { class: 'sub' });
  const inWork = h('span', { class: 'sub' });
  const waiting = cell('Waiting');
  const differences = cell('Differences');
  const state = h('span', { class: 'state' });
  const why = h('span', { class: 'sub' });
  const pause = h('button', { type: 'button', class: 'act', onclick: () => pauseOrResume('syncs', name, pause.dataset.paused === 'yes') });
  const element = h('tr', {},
    h('th', { scope: 'row' }, name, what),
    h('td', { 'data-label': 'To the CRM' }, outRate, outLag, outWork),
    waiting,
    h('td', { 'data-label': 'From the CRM' }, inRate, inLag, inPoll, inWork),
    differences,
    h('td', { 'data-label': 'State' }, state, ' ', pause, why));
  const sent = speed();
  const received = speed();
  const exported = progress(outWork, 'Initial export of ' + name);
  const read = progress(inWork, 'Snapshot of ' + name);
  let last = null;

  return {
    element,
    restart() {
      [sent, received, exported, read].forEach(it => it.restart());
    },
    update(sync) {
      last = sync;
      text(what, sync.table + (sync.direction === 'out' ? ' → ' : ' ↔ ') + sync.account + ' ' + sync.object);
      text(outLag, lag(sync.outbound.flow));
      waiting.replaceChildren(...waits(sync.outbound));
      if (sync.inbound) {
        text(inLag, lag(sync.inbound.flow));
        text(inPoll, sync.inbound.polledAt ? 'polled at ' + time(sync.inbound.polledAt)
          + ', every ' + duration(sync.inbound.pollIntervalMs) : '');
      } else {
        text(inRate, 'not received');
      }
      differences.replaceChildren(...differencesOf(name, sync));
      const [words, kind, reason] = stateOf(sync);
      text(state, words);
      state.className = 'state ' + kind;
      text(why, reason);
      pauseButton(pause, name, sync.paused);
    },
    tick(at) {
      if (!last) {
        return;
      }
      text(outRate, rate(sent(at, last.outbound.flow.records)));
      const exporting = last.outbound.export;
      exported(at, exporting.expected > exporting.done ? exporting : null);
      if (last.inbound) {
        text(inRate, rate(received(at, last.inbound.flow.records)));
        const snapshot = last.inbound.snapshot;
        read(at, snapshot && !snapshot.endedAt ? snapshot : null);
      }
    }
  };
}

/** Measures records a second over the last ten seconds; begins again if the time or the count falls. */
function speed() {
  let samples = [];
  const measure = (at, records) => {
    const last = samples[samples.length - 1];
    if (last && (at < last[0] || records < last[1])) {
      samples = [];
    }
    samples.push([at, records]);
    while (samples.length > 2 && samples[1][0] <= at - RATE_MS) {
      samples.shift();
    }
    const [then, before] = samples[0];
    return at > then ? (records - before) / (at - then) * 1000 : 0;
  };
  measure.restart = () => {
    samples = [];
  };
  return measure;
}

/** A bar with the rate and the time left. */
function progress(container, label) {
  const bar = h('progress', { 'aria-label': label });
  const words = h('span');
  const part = h('span', {}, bar, ' ', words);
  const measure = speed();
  container.append(part);
  show(container, false);
  const shown = (at, work) => {
    show(container, work !== null);
    if (!work) {
      return;
    }
    const perSecond = measure(at, work.done);
    if (work.expected) {
      bar.max = work.expected;
      bar.value = work.done;
    } else {
      bar.removeAttribute('value');
    }
    const left = perSecond > 0 && work.expected ? ', ' + duration((work.expected - work.done) / perSecond * 1000) + ' left' : '';
    text(words, number(work.done) + (work.expected ? ' of ' + number(work.expected) : '') + ' records, ' + rate(perSecond) + left);
  };
  shown.restart = measure.restart;
  return shown;
}

function lag(flow) {
  return flow.p50Ms === null ? '' : 'p50 ' + duration(flow.p50Ms) + ', p99 ' + duration(flow.p99Ms);
}

function waits(outbound) {
  const waiting = PRIORITIES.filter(priority => outbound.waiting[priority]);
  const nodes = waiting.map(priority =>
    h('span', { class: 'sub' }, h('span', { class: 'c-' + priority }, priority), ' ' + number(outbound.waiting[priority])));
  if (outbound.captured) {
    nodes.push(h('span', { class: 'sub' }, number(outbound.captured) + ' captured'));
  }
  if (outbound.inFlight) {
    nodes.push(h('span', { class: 'sub' }, number(outbound.inFlight) + ' in flight'));
  }
  if (nodes.length && outbound.oldestMs) {
    nodes.push(h('span', { class: 'sub' }, 'oldest ' + duration(outbound.oldestMs)));
  }
  return nodes.length ? nodes : [h('span', { class: 'sub' }, 'nothing')];
}

function differencesOf(name, sync) {
  const links = [];
  const add = (number_, words, page, bad) => {
    if (number_) {
      links.push(h('span', { class: 'sub' },
        h('a', { href: '#/' + page + '?sync=' + encodeURIComponent(name), class: bad ? 'bad' : null }, words)));
    }
  };
  add(sync.deadLetters, count(sync.deadLetters, 'dead letter'), 'dead-letters', true);
  add(sync.inboundRejections, count(sync.inboundRejections, 'inbound rejection'), 'rejections', true);
  add(sync.conflictsToday, count(sync.conflictsToday, 'conflict') + ' today', 'conflicts');
  if (sync.updateLoops) {
    links.push(h('span', { class: 'sub' }, count(sync.updateLoops, 'update loop')));
  }
  return links.length ? links : [h('span', { class: 'sub' }, 'none known')];
}

function stateOf(sync) {
  if (sync.problem) {
    return ['stopped', 'bad', sync.problem];
  }
  if (sync.captureProblem) {
    return ['not captured', 'bad', sync.captureProblem];
  }
  if (sync.paused) {
    return ['paused', 'warn', 'since ' + time(sync.paused.since) + (sync.paused.reason ? ': ' + sync.paused.reason : '')];
  }
  return sync.circuitBreaker === 'closed' ? ['running', '', ''] : ['circuit breaker open', 'warn', ''];
}
