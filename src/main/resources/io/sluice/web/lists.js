// The lists of dead letters, inbound rejections and conflicts: filtered, opened, edited, replayed, discarded.
import { ask, byId, h, notify, text } from './dom.js';
import { call, query } from './api.js';
import { count, time, value } from './words.js';

const PAGE_SIZE = 100;
const MAX_ROWS = 8;

const KINDS = {
  'dead-letters': {
    title: 'Dead letters',
    lead: 'Changes that the CRM rejects and that no retry can write. A repaired one is written to the CRM and to the table.',
    path: '/api/dead-letters', entries: 'deadLetters', cursor: 'after',
    filters: ['account', 'sync', 'key', 'code'],
    columns: ['Record', 'The CRM says', 'Died at', ''],
    row: letterRow,
    bulk: [['Replay all', 'replay', false], ['Discard all', 'discard', true]]
  },
  rejections: {
    title: 'Inbound rejections',
    lead: 'Records of a CRM that the table does not accept, or not with all their fields.',
    path: '/api/inbound-rejections', entries: 'inboundRejections', cursor: 'after',
    filters: ['sync'],
    columns: ['Record', 'The database says', 'Last at', ''],
    row: rejectionRow,
    bulk: []
  },
  conflicts: {
    title: 'Conflicts',
    lead: 'Fields that both sides had changed. The value that lost is kept here.',
    path: '/api/conflicts', entries: 'conflicts', cursor: 'before',
    filters: ['account', 'sync', 'key'],
    columns: ['Record', 'CRM', 'Table', 'Decided at'],
    row: conflictRow,
    bulk: []
  }
};

export const isList = name => name in KINDS;

/** Opens the page of a list with the filters of its address. */
export function openList(name, filters) {
  const kind = KINDS[name];
  const rows = h('tbody');
  const more = h('button', { type: 'button', onclick: () => load(shown.filter, true) }, 'Show more');
  const summary = h('p', { class: 'lead', role: 'status' });
  const form = h('form', { class: 'filters', role: 'search', onsubmit: submit },
    kind.filters.map(filter => h('label', {}, filter.charAt(0).toUpperCase() + filter.slice(1),
      h('input', { name: filter, value: filters[filter] || '', autocomplete: 'off' }))),
    h('button', { class: 'main' }, 'Filter'),
    kind.bulk.map(([words, action, danger]) =>
      h('button', { type: 'button', class: danger ? 'danger act' : 'act', onclick: () => bulk(words, action, danger) },
        words + ' that match')));
  let next = null;
  let asked = 0;
  // of the last list that was shown: its filter, the number of entries that match it, and the greatest id of them
  let shown = null;

  byId('page-list').replaceChildren(
    h('h1', {}, kind.title), h('p', { class: 'lead' }, kind.lead), form, summary,
    h('table', {}, h('thead', {}, h('tr', {}, kind.columns.map(column =>
      h('th', { scope: 'col' }, column || h('span', { class: 'sub' }, 'Actions'))))), rows),
    h('div', { class: 'actions' }, more));

  function chosen() {
    const values = {};
    for (const [filter, words] of new FormData(form)) {
      if (words.trim()) {
        values[filter] = words.trim();
      }
    }
    return values;
  }

  function submit(event) {
    event.preventDefault();
    history.replaceState(null, '', '#/' + name + query(chosen()));
    load(chosen(), false);
  }

  async function load(filter, further) {
    // an answer that a later request has overtaken is not shown, and no page is asked for twice
    const own = ++asked;
    more.disabled = true;
    try {
      const parameters = Object.assign({ limit: PAGE_SIZE }, filter);
      if (further) {
        parameters[kind.cursor] = next;
        parameters.upTo = shown.upTo;
      }
      const page = await call('GET', kind.path + query(parameters));
      if (own !== asked) {
        return;
      }
      next = page.next;
      shown = { filter, total: page.total, upTo: page.upTo };
      const made = page[kind.entries].map(entry => kind.row(entry, () => load(shown.filter, false)));
      if (further) {
        rows.append(...made);
      } else {
        rows.replaceChildren(...made);
      }
      more.hidden = next === null;
      text(summary, rows.children.length === 0 ? 'There are none.'
        : count(rows.children.length, 'entry', 'entries') + (next === null ? '.' : ' shown; there are more.'));
    } catch (failure) {
      if (own === asked) {
        text(summary, failure.message);
      }
    } finally {
      if (own === asked) {
        more.disabled = false;
      }
    }
  }

  async function bulk(words, action, danger) {
    if (!shown) {
      return;
    }
    const { filter, total, upTo } = shown;
    if (Object.keys(filter).length === 0) {
      notify('Filter the list first: by an account, a sync, a key or a code.', true);
      return;
    }
    if (total === 0) {
      notify('There are none.', true);
      return;
    }
    const criteria = Object.entries(filter).map(([name_, it]) => name_ + ' ' + it).join(', ');
    const answer = await ask({
      title: words, danger, action: words,
      words: [count(total, 'dead letter') + ' of ' + criteria + (total === 1 ? ' is ' : ' are ') + (action === 'replay'
        ? 'sent again. Later changes of their records take precedence.'
        : 'discarded: the two sides differ until these records change again. This can\'t be undone.')
        + ' What died after the list was shown stays as it is.']
    });
    if (!answer) {
      return;
    }
    try {
      const which = query(Object.assign({ upTo }, filter));
      const done = action === 'replay'
        ? await call('POST', kind.path + '/replay' + which)
        : await call('DELETE', kind.path + which);
      notify(action === 'replay'
        ? count(done.replayed, 'dead letter') + ' replayed' + (done.refused.length ? ', ' + done.refused.length + ' not: ' + done.refused[0].why : '') + '.'
        : count(done.discarded, 'dead letter') + ' discarded.');
      load(filter, false);
    } catch (failure) {
      notify(failure.message, true);
    }
  }

  more.hidden = true;
  return load(chosen(), false);
}

function recordLink(sync, key) {
  return h('a', { href: '#/record' + query({ sync, key }) }, key);
}

function letterRow(letter, reload) {
  return h('tr', {},
    h('th', { scope: 'row' }, recordLink(letter.sync, letter.key),
      h('span', { class: 'sub' }, letter.sync + ', ' + letter.operation + ' of ' + letter.account + ' ' + letter.object)),
    h('td', { 'data-label': 'The CRM says' }, letter.code || 'no code',
      h('span', { class: 'sub' }, letter.message || ''),
      letter.rejectedFields.length ? h('span', { class: 'sub' }, 'fields: ' + letter.rejectedFields.join(', ')) : null,
      letter.editedFields.length ? h('span', { class: 'sub' }, 'edited: ' + letter.editedFields.join(', ')) : null),
    h('td', { 'data-label': 'Died at' }, time(letter.diedAt)),
    h('td', {}, h('div', { class: 'actions' },
      button('Edit', 'Edit the dead letter of ' + letter.key, () => edit(letter, reload), letter.operation === 'delete'),
      button('Replay', 'Replay the dead letter of ' + letter.key, act(reload, () =>
        call('POST', '/api/dead-letters/' + letter.id + '/replay'), letter.key + ' is sent again.')),
      button('Discard', 'Discard the dead letter of ' + letter.key, async () => {
        const sure = await ask({
          title: 'Discard ' + letter.key, danger: true, action: 'Discard',
          words: ['The two sides differ until this record changes again. This can\'t be undone.']
        });
        if (sure) {
          act(reload, () => call('DELETE', '/api/dead-letters/' + letter.id), letter.key + ' was discarded.')();
        }
      }))));
}

async function edit(letter, reload) {
  const names = Object.keys(letter.fields).sort((a, b) =>
    letter.rejectedFields.includes(b) - letter.rejectedFields.includes(a) || a.localeCompare(b));
  const inputs = names.map(name => valueInput(name, letter.fields[name] === null ? '' : value(letter.fields[name])));
  // as the browser shows them, which drops or replaces some characters: only what a person changes is sent
  const shown = inputs.map(input => input.value);
  const form = await ask({
    title: 'Repair ' + letter.key,
    words: [(letter.code || '') + ' ' + (letter.message || ''), 'A replay writes the new values to the CRM and to the row of the table.'],
    fields: names.map((name, i) => h('label', {}, name + (letter.rejectedFields.includes(name) ? ' (rejected)' : ''), inputs[i])),
    action: 'Save and replay'
  });
  if (!form) {
    return;
  }
  const changed = {};
  names.forEach((name, i) => {
    if (inputs[i].value !== shown[i]) {
      changed[name] = typed(inputs[i].value, letter.fields[name]);
    }
  });
  act(reload, async () => {
    if (Object.keys(changed).length) {
      await call('PATCH', '/api/dead-letters/' + letter.id, { fields: changed });
    }
    await call('POST', '/api/dead-letters/' + letter.id + '/replay');
  }, letter.key + ' is sent again.')();
}

/** Makes an input for a value; an input of one line would drop the line breaks of a longer text. */
function valueInput(name, words) {
  const lines = words.split(/\r\n|\r|\n/).length;
  return lines === 1 ? h('input', { name, value: words }) : h('textarea', { name, rows: Math.min(lines, MAX_ROWS) }, words);
}

/** Keeps the type of the value before, unless the number has more digits than it can hold; an empty text clears the field. */
function typed(words, before) {
  if (words === '') {
    return null;
  }
  if (typeof before === 'number' && words.trim() !== '' && !Number.isNaN(Number(words)) && words.replace(/\D/g, '').length < 16) {
    return Number(words);
  }
  return typeof before === 'boolean' && (words === 'true' || words === 'false') ? words === 'true' : words;
}

function rejectionRow(rejection, reload) {
  return h('tr', {},
    h('th', { scope: 'row' }, rejection.key ? recordLink(rejection.sync, rejection.key) : rejection.crmId,
      h('span', { class: 'sub' }, rejection.sync + ', id ' + rejection.crmId)),
    h('td', { 'data-label': 'The database says' }, rejection.why,
      rejection.columns.length ? h('span', { class: 'sub' }, 'columns: ' + rejection.columns.join(', ')) : null),
    h('td', { 'data-label': 'Last at' }, time(rejection.lastAt), h('span', { class: 'sub' }, count(rejection.times, 'time'))),
    h('td', {}, h('div', { class: 'actions' },
      button('Retry', 'Retry the record ' + rejection.crmId, act(reload, () =>
        call('POST', '/api/inbound-rejections/' + rejection.id + '/retry'), 'The record is read again.')),
      button('Discard', 'Discard the rejection of ' + rejection.crmId, act(reload, () =>
        call('DELETE', '/api/inbound-rejections/' + rejection.id), 'The rejection was discarded.')))));
}

function conflictRow(conflict) {
  const won = side => conflict.winner === side ? h('span', { class: 'sub' }, 'won') : null;
  return h('tr', {},
    h('th', { scope: 'row' }, recordLink(conflict.sync, conflict.key),
      h('span', { class: 'sub' }, conflict.sync + ', ' + (conflict.field || 'the whole record'))),
    h('td', { 'data-label': 'CRM' }, h('span', { class: 'value' }, value(conflict.crm)), won('crm'),
      h('span', { class: 'sub' }, time(conflict.crmAt))),
    h('td', { 'data-label': 'Table' }, h('span', { class: 'value' }, value(conflict.ours)), won('database'),
      h('span', { class: 'sub' }, time(conflict.oursAt))),
    h('td', { 'data-label': 'Decided at' }, time(conflict.decidedAt)));
}

function button(words, label, onclick, hidden) {
  return h('button', { type: 'button', class: 'act', 'aria-label': label, onclick, hidden: !!hidden }, words);
}

function act(reload, action, words) {
  return async () => {
    try {
      await action();
      notify(words);
    } catch (failure) {
      notify(failure.message, true);
    }
    reload();
  };
}

