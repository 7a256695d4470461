// One record, found by its key: the row, what each CRM had when both sides last agreed, and what waits, died or conflicted.
import { byId, h, text } from './dom.js';
import { call, query } from './api.js';
import { count, time, value } from './words.js';

/** Opens the page; with a sync and a key in the address it shows the record. */
export function openRecord(given, syncs) {
  const result = h('div', { role: 'status' });
  const select = h('select', { name: 'sync', required: true }, syncs.map(name =>
    h('option', { value: name, selected: name === given.sync }, name)));
  const form = h('form', {
    class: 'filters', role: 'search', onsubmit: event => {
      event.preventDefault();
      location.hash = '#/record' + query({ sync: select.value, key: form.elements.key.value });
    }
  },
    h('label', {}, 'Sync', select),
    h('label', {}, 'Key of the record', h('input', { name: 'key', value: given.key || '', required: true, autocomplete: 'off' })),
    h('button', { class: 'main' }, 'Find'));
  byId('page-record').replaceChildren(h('h1', {}, 'Find a record'), form, result);
  return given.sync && given.key ? load(given, result) : Promise.resolve();
}

async function load(given, result) {
  try {
    const record = await call('GET', '/api/records' + query(given));
    result.replaceChildren(...report(record));
  } catch (failure) {
    text(result, failure.message);
  }
}

function report(record) {
  const row = record.row
    ? h('dl', { class: 'facts' }, Object.entries(record.row).flatMap(([column, it]) =>
      [h('dt', {}, column), h('dd', { class: 'value' }, value(it))]))
    : h('p', { class: 'none' }, 'The table has no row of this key.');
  return [
    h('h2', {}, record.table + ' ' + record.key),
    h('div', { class: 'cards' },
      h('article', { class: 'card', 'aria-label': 'Row of the table' }, h('h3', {}, 'Row of the table'), row),
      record.syncs.map(side))
  ];
}

function side(it) {
  const facts = [['Record', it.crmId ? it.object + ' ' + it.crmId : 'not in the CRM yet']];
  if (it.agreedAt) {
    facts.push(['Agreed at', time(it.agreedAt)]);
  }
  if (it.deletedAt) {
    facts.push(['Deleted at', time(it.deletedAt)]);
  }
  if (it.heldUntil) {
    facts.push(['Held until', time(it.heldUntil) + ', because both sides change it in turn without end']);
  }
  if (it.waiting) {
    facts.push(['Waits', it.waiting.operation + ', priority ' + it.waiting.priority + ', since ' + time(it.waiting.since)
      + ', next attempt at ' + time(it.waiting.due)
      + (it.waiting.waitsFor ? ', for its parent ' + it.waiting.waitsFor : '')
      + (it.waiting.lastError ? '. Last error: ' + it.waiting.lastError : '')]);
  }
  if (it.inFlight) {
    facts.push(['In flight', (it.inFlight.operation || 'write') + (it.inFlight.since ? ' since ' + time(it.inFlight.since) : '')]);
  }
  if (it.deadLetter) {
    facts.push(['Dead letter', (it.deadLetter.code || '') + ' ' + (it.deadLetter.message || '') + ' at ' + time(it.deadLetter.diedAt)]);
  }
  for (const rejection of it.inboundRejections) {
    facts.push(['Rejected by the table', rejection.why + ' (' + count(rejection.times, 'time') + ')']);
  }
  const names = new Set([it.base, it.waiting && it.waiting.fields, it.inFlight && it.inFlight.fields, it.unproven]
    .flatMap(fields => Object.keys(fields || {})));
  return h('article', { class: 'card', 'aria-label': 'Sync ' + it.sync },
    h('h3', {}, it.sync),
    h('dl', { class: 'facts' }, facts.flatMap(([name, words]) => [h('dt', {}, name), h('dd', {}, words)])),
    names.size ? h('table', {},
      h('thead', {}, h('tr', {}, ['Field', 'Last known', 'Waits', 'In flight'].map(name => h('th', { scope: 'col' }, name)))),
      h('tbody', {}, [...names].sort().map(name => h('tr', {},
        h('th', { scope: 'row' }, name),
        cell('Last known', it.base, name),
        cell('Waits', it.waiting && it.waiting.fields, name),
        cell('In flight', it.inFlight && it.inFlight.fields, name))))) : null,
    it.conflicts.length ? h('h4', {}, 'Conflicts') : null,
    it.conflicts.length ? h('ul', {}, it.conflicts.map(conflict => h('li', {},
      (conflict.field || 'the whole record') + ' at ' + time(conflict.decidedAt) + ': CRM ',
      h('span', { class: 'value' }, value(conflict.crm)), ', table ', h('span', { class: 'value' }, value(conflict.ours)),
      '; the ' + (conflict.winner === 'crm' ? 'CRM' : 'table') + ' won'))) : null);
}

function cell(label, fields, name) {
  return h('td', { 'data-label': label, class: 'value' }, fields && name in fields ? value(fields[name]) : '');
}
