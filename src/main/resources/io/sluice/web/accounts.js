// The cards of the accounts: limits, calls, events, circuit breaker, bulk jobs.
import { ask, h, notify, show, text } from './dom.js';
import { call, part } from './api.js';
import { callPlot } from './plot.js';
import { count, duration, list, number, PRIORITIES, time, windowName } from './words.js';

/** Keeps the cards up to date; each is made once, so that the focus stays where it is. */
export function accountCards(container) {
  const cards = new Map();
  return {
    update(name, account) {
      if (!cards.has(name)) {
        cards.set(name, card(name));
        container.append(cards.get(name).element);
      }
      cards.get(name).update(account);
    },
    removeOthers(names) {
      for (const [name, it] of cards) {
        if (!names.has(name)) {
          it.element.remove();
          cards.delete(name);
        }
      }
    }
  };
}

function card(name) {
  const state = h('span', { class: 'state' });
  const pause = h('button', { type: 'button', class: 'act', onclick: () => pauseOrResume('accounts', name, pause.dataset.paused === 'yes') });
  const limits = h('div');
  const facts = h('dl', { class: 'facts' });
  const plot = callPlot(name);
  const title = h('h3', {}, name + ' ');
  const crm = h('span', { class: 'sub' });
  const element = h('article', { class: 'card', 'aria-label': 'Account ' + name },
    h('div', { class: 'heading' }, h('div', {}, title, crm), h('div', {}, state, ' ',
      h('a', { class: 'button', href: '#/usage?account=' + encodeURIComponent(name), 'aria-label': 'Usage of ' + name }, 'Usage'), ' ', pause)),
    limits, facts, plot.element);
  const gauges = new Map();
  return {
    element,
    update(account) {
      text(crm, account.crm === name ? '' : account.crm);
      const [words, kind] = stateOf(account);
      text(state, words);
      state.className = 'state ' + kind;
      pauseButton(pause, name, account.paused);
      for (const limit of account.limits) {
        const key = limit.owner + ' ' + limit.name;
        if (!gauges.has(key)) {
          gauges.set(key, gauge(name, limit));
          limits.append(gauges.get(key).element);
        }
        gauges.get(key).update(limit);
      }
      facts.replaceChildren(...factsOf(account));
    }
  };
}

function stateOf(account) {
  if (account.paused) {
    return ['paused', 'warn'];
  }
  if (account.problem) {
    return ['no calls', 'bad'];
  }
  if (account.throttled.length) {
    return ['throttled', 'warn'];
  }
  if (account.limits.some(limit => limit.stoppedUntil.critical && limit.windowMs >= 3600000)) {
    return ['limit spent', 'bad'];
  }
  return account.circuitBreaker === 'closed' ? ['running', ''] : ['circuit breaker open', 'warn'];
}

/** A limit as a gauge with the marks, and in words who is stopped, until when, and when it will be spent. */
function gauge(account, limit) {
  const fill = h('div', { class: 'fill' });
  const bar = h('div', {
    class: 'gauge', role: 'meter', 'aria-valuemin': 0, 'aria-valuemax': 100,
    'aria-label': 'Use of the limit ' + limit.name + ' of ' + account
  }, fill, h('span', { class: 'mark p70' }), h('span', { class: 'mark p85' }), h('span', { class: 'mark p95' }));
  const used = h('span');
  const percent = h('strong');
  const note = h('div', { class: 'note' });
  const owner = limit.owner === account ? '' : limit.owner + ', ';
  const element = h('div', { class: 'limit' },
    h('div', { class: 'line' }, h('span', {}, owner + limit.name + ' ', percent), used), bar, note);
  return {
    element,
    update(now) {
      const shown = Math.min(100, now.percent);
      text(percent, now.percent + ' %');
      text(used, number(now.used) + ' of ' + number(now.max) + ' in ' + windowName(now.windowMs));
      fill.style.width = shown + '%';
      bar.className = 'gauge' + (now.percent >= 95 ? ' m95' : now.percent >= 85 ? ' m85' : now.percent >= 70 ? ' m70' : '');
      bar.setAttribute('aria-valuenow', String(shown));
      bar.setAttribute('aria-valuetext', now.percent + ' percent used. ' + noteOf(now));
      text(note, noteOf(now));
    }
  };
}

/** Short limits fill and empty all the time, so only long ones say who waits. */
function noteOf(limit) {
  const stopped = PRIORITIES.filter(priority => limit.stoppedUntil[priority]);
  const sentences = [];
  if (stopped.length && limit.windowMs >= 3600000) {
    const who = stopped.length === PRIORITIES.length ? 'All work' : capital(list(stopped)) + ' work';
    sentences.push(who + ' waits for this limit, and goes on from ' + time(limit.stoppedUntil[stopped[0]]) + '.');
  }
  if (limit.spentAt) {
    sentences.push('At this pace it is spent at ' + time(limit.spentAt) + '.');
  }
  if (limit.reportedByCrm !== null && limit.reportedByCrm > limit.used) {
    sentences.push('The CRM counts ' + number(limit.reportedByCrm) + '.');
  }
  return sentences.join(' ');
}

function capital(words) {
  return words.charAt(0).toUpperCase() + words.slice(1);
}

function factsOf(account) {
  const facts = [['Calls in 24 h', number(account.callsToday)]];
  if (account.events) {
    facts.push(['Events', account.events.waiting === 0
      ? 'none waits'
      : count(account.events.waiting, 'event waits', 'events wait') + ', the oldest for ' + duration(account.events.oldestMs)]);
    if (account.events.rejected) {
      facts.push(['Rejected events', number(account.events.rejected)]);
    }
  }
  facts.push(['Circuit breaker', account.circuitBreaker.replace('_', ' ')]);
  for (const throttle of account.throttled) {
    facts.push(['Throttled', throttle.kind + ' limit since ' + time(throttle.since) + ', next attempt at '
      + time(throttle.triedAgainAt)]);
  }
  const nodes = facts.flatMap(([name, words]) => [h('dt', {}, name), h('dd', {}, words)]);
  if (account.problem) {
    nodes.push(h('dt', {}, 'Problem'), h('dd', {}, h('span', { class: 'bad' }, account.problem)));
  }
  for (const job of account.bulkJobs) {
    nodes.push(h('dt', {}, 'Bulk job'), h('dd', {},
      job.sync + ': ' + job.operation + ' of ' + count(job.records, 'record') + ', ' + job.step + ' ',
      h('progress', { max: Math.max(1, job.records), value: job.done, 'aria-label': 'Progress of the bulk job of ' + job.sync })));
  }
  return nodes;
}

/** Shows on a button what it will do. */
export function pauseButton(button, name, paused) {
  // a pause by Sluice itself ends with its cause
  const ours = paused && (paused.by === 'api' || paused.by === 'capture' || paused.by === 'crm');
  show(button, !paused || ours);
  button.dataset.paused = paused ? 'yes' : 'no';
  text(button, paused ? 'Resume' : 'Pause');
  button.setAttribute('aria-label', (paused ? 'Resume ' : 'Pause ') + name);
}

export async function pauseOrResume(kind, name, paused) {
  try {
    if (paused) {
      await call('POST', '/api/' + kind + '/' + part(name) + '/resume');
      notify(name + ' goes on.');
      return;
    }
    const form = await ask({
      title: 'Pause ' + name,
      words: ['Changes are still captured and stay queued. The pause holds in every replica and over restarts, until it is resumed.'],
      fields: [h('label', {}, 'Reason, for those who look at this page', h('input', { name: 'reason', maxlength: 500 }))],
      action: 'Pause'
    });
    if (form) {
      await call('POST', '/api/' + kind + '/' + part(name) + '/pause', { reason: form.get('reason') || 'paused on the page' });
      notify(name + ' is paused.');
    }
  } catch (failure) {
    notify(failure.message, true);
  }
}
