// Numbers, times and durations as people read them.

const NUMBER = new Intl.NumberFormat('en');
const SHORT = new Intl.NumberFormat('en', { notation: 'compact', maximumSignificantDigits: 2 });
const DATE = new Intl.DateTimeFormat('en-GB', { weekday: 'short', day: 'numeric', month: 'short' });
const CLOCK = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' });
const DAY = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' });

export const PRIORITIES = ['critical', 'high', 'normal', 'low'];
export const WEEKDAYS = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'];

export function number(value) {
  return NUMBER.format(value);
}

/** A number in few characters: 1.2K. */
export function short(value) {
  return SHORT.format(value);
}

/** A day such as 2026-01-31. */
export function day(iso) {
  return DATE.format(new Date(iso + 'T12:00:00'));
}

export function count(value, one, many) {
  return number(value) + ' ' + (value === 1 ? one : many || one + 's');
}

/** A time of day; with the date if it is not today. */
export function time(instant) {
  const at = new Date(instant);
  return at.toDateString() === new Date().toDateString() ? CLOCK.format(at) : DAY.format(at);
}

/** A time with its date. */
export function dated(instant) {
  return DAY.format(new Date(instant));
}

/** A duration with the unit that fits. */
export function duration(ms) {
  if (ms < 1000) {
    return Math.round(ms) + ' ms';
  }
  if (ms < 90000) {
    return (ms < 10000 ? (ms / 1000).toFixed(1) : Math.round(ms / 1000)) + ' s';
  }
  if (ms < 5400000) {
    return Math.round(ms / 60000) + ' min';
  }
  return ms < 129600000 ? (ms / 3600000).toFixed(1) + ' h' : Math.round(ms / 86400000) + ' days';
}

/** The name of a window: 10 s, 24 h. */
export function windowName(ms) {
  return ms % 3600000 === 0 ? ms / 3600000 + ' h' : ms % 60000 === 0 ? ms / 60000 + ' min' : ms / 1000 + ' s';
}

/** Records a second. */
export function rate(perSecond) {
  if (perSecond === 0) {
    return 'none now';
  }
  return perSecond < 1 ? Math.max(1, Math.round(perSecond * 60)) + ' a minute' : number(Math.round(perSecond)) + ' a second';
}

export function list(words) {
  return words.length < 2 ? words.join('') : words.slice(0, -1).join(', ') + ' and ' + words[words.length - 1];
}

/** A value of a field; null and texts differ. */
export function value(json) {
  return json === undefined ? '' : json === null ? 'empty' : typeof json === 'string' ? json : JSON.stringify(json);
}
