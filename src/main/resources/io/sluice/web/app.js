// The page: takes the overview as it changes, and opens what its address names.
import { byId, show, text } from './dom.js';
import { accountCards } from './accounts.js';
import { syncRows } from './syncs.js';
import { acting, alertList } from './problems.js';
import { isList, openList } from './lists.js';
import { openRecord } from './record.js';
import { openUsage } from './usage.js';
import { enter } from './session.js';
import { count, number, time } from './words.js';

const accounts = new Map();
const syncs = new Map();
const cards = accountCards(byId('accounts'));
const rows = syncRows(byId('syncs'));
const showAlerts = alertList(byId('problems'));
let alerts = [];
// a stream that comes back leaves the page as it is, with what a person has typed
let opened = false;
const FEW_SYNCS = 8;
const RETRY_MS = 5000;

function onOverview(overview) {
  if (overview.parts.alerts) {
    alerts = acting(overview.parts.alerts);
    delete overview.parts.alerts;
  }
  for (const [name, part] of Object.entries(overview.parts)) {
    const at = name.indexOf(':');
    (name.startsWith('account:') ? accounts : syncs).set(name.slice(at + 1), part);
  }
  for (const [name, part] of Object.entries(overview.parts)) {
    if (name.startsWith('account:')) {
      cards.update(name.slice(8), part);
    } else {
      rows.update(name.slice(5), part);
    }
  }
  rows.tick(Date.parse(overview.at));
  showAlerts(alerts);
  show(byId('problems-part'), alerts.length > 0);
  show(byId('sync-filter-part'), syncs.size > FEW_SYNCS);
  headline();
  badge('count-dead', sum(sync => sync.deadLetters));
  badge('count-rejections', sum(sync => sync.inboundRejections));
  text(byId('connection'), 'live, ' + time(overview.at));
  byId('connection').className = 'connection';
}

function sum(of) {
  let total = 0;
  syncs.forEach(sync => { total += of(sync); });
  return total;
}

function badge(id, value) {
  text(byId(id), number(value));
  show(byId(id), value > 0);
}

function headline() {
  const serious = alerts.filter(it => it.severity !== 'info').length;
  text(byId('headline'), serious === 0 ? 'All syncs run' : count(serious, 'thing needs', 'things need') + ' attention');
  document.title = (serious ? '(' + serious + ') ' : '') + 'Sluice';
  const waiting = sum(sync => Object.values(sync.outbound.waiting).reduce((a, b) => a + b, 0) + sync.outbound.inFlight
    + sync.outbound.captured);
  let events = 0;
  accounts.forEach(account => { events += account.events ? account.events.waiting : 0; });
  const different = sum(sync => sync.deadLetters + sync.inboundRejections);
  const agree = waiting + events === 0 ? 'Nothing waits' : count(waiting, 'change waits', 'changes wait') + ' for a CRM'
    + (events ? ' and ' + count(events, 'event') + ' for the database' : '');
  text(byId('agreement'), agree + (different ? '; ' + count(different, 'record differs', 'records differ') + ' because one side rejects '
    + (different === 1 ? 'it' : 'them') + '.' : waiting + events === 0 ? ': both sides agree as far as is known.' : '.'));
}

/** Connects once somebody is logged in; tries again for as long as the server, or a proxy before it, answers an error. */
async function begin() {
  try {
    await enter();
    connect();
  } catch (failure) {
    lost(failure.message);
    setTimeout(begin, RETRY_MS);
  }
}

function connect() {
  const events = new EventSource('/page/events');
  let first = true;
  events.addEventListener('overview', event => {
    const overview = JSON.parse(event.data);
    if (first) {
      rows.restart();
    }
    onOverview(overview);
    if (first) {
      // the first event has all parts: what is not in it does not exist any more
      first = false;
      const names = kind => new Set(Object.keys(overview.parts).filter(it => it.startsWith(kind)).map(it => it.slice(kind.length)));
      forget(accounts, names('account:'), cards);
      forget(syncs, names('sync:'), rows);
      if (!opened) {
        opened = true;
        openPage();
      }
    }
  });
  events.addEventListener('problem', () => lost('The database does not answer; the figures are old.'));
  events.onerror = () => {
    first = true;
    lost('No connection to Sluice; the figures are old.');
    if (events.readyState === EventSource.CLOSED) {
      // the session has ended, or the server asks to come back later
      setTimeout(begin, RETRY_MS);
    }
  };
}

function forget(all, names, shown) {
  [...all.keys()].filter(name => !names.has(name)).forEach(name => all.delete(name));
  shown.removeOthers(names);
}

function lost(words) {
  text(byId('connection'), words);
  byId('connection').className = 'connection lost';
}

/** Opens the page of the address: #/, #/dead-letters?sync=..., #/record?sync=...&key=..., #/usage?account=... */
function openPage() {
  const [path, search] = location.hash.replace(/^#\/?/, '').split('?');
  const given = Object.fromEntries(new URLSearchParams(search || ''));
  show(byId('page-overview'), path === '');
  show(byId('page-list'), isList(path));
  show(byId('page-record'), path === 'record');
  show(byId('page-usage'), path === 'usage');
  document.querySelectorAll('nav a').forEach(link => {
    const current = link.getAttribute('href').replace(/^#\/?/, '') === path;
    if (current) {
      link.setAttribute('aria-current', 'page');
    } else {
      link.removeAttribute('aria-current');
    }
  });
  if (isList(path)) {
    return openList(path, given);
  }
  if (path === 'record') {
    return openRecord(given, [...syncs.keys()]);
  }
  if (path === 'usage') {
    return openUsage(given, [...accounts.keys()]);
  }
  if (path !== '') {
    location.hash = '#/';
  }
  return Promise.resolve();
}

byId('sync-filter').addEventListener('input', event => rows.filter(event.target.value, syncs));
window.addEventListener('hashchange', () => {
  openPage();
  byId('main').focus();
});
document.querySelector('.skip').addEventListener('click', event => {
  // the address names the page, so the link does not change it
  event.preventDefault();
  byId('main').focus();
});
begin();
