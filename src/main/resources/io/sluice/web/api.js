// Requests to the API of this server.

/** Calls the API; a failure has the server's sentence as its message. */
export async function call(method, path, body) {
  const options = { method, headers: {} };
  if (body !== undefined) {
    options.headers['Content-Type'] = 'application/json';
    options.body = JSON.stringify(body);
  }
  let answer;
  try {
    answer = await fetch(path, options);
  } catch (unreachable) {
    throw new Error('Sluice does not answer. The page tries again by itself.');
  }
  const words = await answer.text();
  let json = null;
  try {
    json = words ? JSON.parse(words, exact) : null;
  } catch (noJson) {
    json = null;
  }
  if (!answer.ok) {
    throw new Error((json && (json.error || json.problem)) || 'The request failed with status ' + answer.status + '.');
  }
  return json;
}

/** Keeps each digit of a whole number that is too large for a number here, as a text. */
function exact(key, it, context) {
  return typeof it === 'number' && context && /^-?\d{16,}$/.test(context.source) && !Number.isSafeInteger(it) ? context.source : it;
}

/** A query string of the parameters that have a value. */
export function query(parameters) {
  const given = Object.entries(parameters).filter(([, it]) => it !== null && it !== undefined && it !== '');
  return given.length ? '?' + new URLSearchParams(given) : '';
}

export const part = name => encodeURIComponent(name);
