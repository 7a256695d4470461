// Builds elements. Texts become text nodes, never markup, so no value of a field can run as a script.

/** Makes an element: h('td', { class: 'x', onclick: f }, 'text', child). Properties that are null or false are left out. */
export function h(tag, properties, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties || {})) {
    if (value === null || value === undefined || value === false) {
      continue;
    }
    if (name.startsWith('on')) {
      element.addEventListener(name.slice(2), value);
    } else {
      element.setAttribute(name, value === true ? '' : String(value));
    }
  }
  append(element, children);
  return element;
}

function append(element, children) {
  for (const child of children.flat(Infinity)) {
    if (child !== null && child !== undefined && child !== false) {
      element.append(child);
    }
  }
}

/** Sets the text of an element if it has changed. */
export function text(element, value) {
  if (element.textContent !== value) {
    element.textContent = value;
  }
}

/** Shows or hides an element. */
export function show(element, visible) {
  if (element.hidden === visible) {
    element.hidden = !visible;
  }
}

export function byId(id) {
  return document.getElementById(id);
}

/** Tells in a corner of the page what an action has done. */
export function notify(message, bad) {
  const line = h('p', { class: bad ? 'bad' : null }, message);
  byId('notice').append(line);
  setTimeout(() => line.remove(), bad ? 12000 : 6000);
}

/** Asks in a dialog; the promise has the values of its form, or null if the person cancels. */
export function ask({ title, words, fields = [], action, danger }) {
  const dialog = byId('dialog');
  return new Promise(resolve => {
    const form = h('form', { method: 'dialog' },
      h('h2', { id: 'dialog-title' }, title),
      words.map(sentence => h('p', {}, sentence)),
      fields,
      h('div', { class: 'actions' },
        h('button', { class: danger ? 'danger' : 'main', value: 'yes' }, action),
        h('button', { value: 'no', formnovalidate: true }, 'Cancel')));
    dialog.replaceChildren(form);
    dialog.returnValue = '';
    dialog.addEventListener('close', () => {
      resolve(dialog.returnValue === 'yes' ? new FormData(form) : null);
    }, { once: true });
    dialog.showModal();
  });
}
