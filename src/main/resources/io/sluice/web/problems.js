// What is wrong, since when, and what to do, in words: the active alerts.
import { h } from './dom.js';
import { time } from './words.js';

/**
 * The alerts that tell something of their own: of the marks of a limit the highest that is reached, since it stops what the lower
 * ones stop.
 */
export function acting(alerts) {
  const isOver = (one, other) => one.kind === 'limit-mark' && other.kind === one.kind && other.account === one.account
    && other.limit === one.limit && other.mark > one.mark;
  return alerts.filter(one => !alerts.some(other => isOver(one, other)));
}

/** Shows the alerts; the list changes only if they do, so that a screen reader tells each once. */
export function alertList(container) {
  let shown = '';
  return alerts => {
    const now = JSON.stringify(alerts);
    if (now === shown) {
      return;
    }
    shown = now;
    container.replaceChildren(...alerts.map(it => h('li', { class: it.severity },
      h('p', { class: 'what' }, it.what),
      h('p', {}, it.action),
      h('p', { class: 'since' }, 'since ' + time(it.since) + ' ', link(it)))));
  };
}

function link(alert) {
  const pages = { 'dead-letters': 'dead-letters', 'inbound-rejections': 'rejections' };
  return alert.kind in pages && alert.sync
    ? h('a', { href: '#/' + pages[alert.kind] + '?sync=' + encodeURIComponent(alert.sync) }, 'Open the list')
    : null;
}
