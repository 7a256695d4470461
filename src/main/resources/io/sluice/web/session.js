// Who looks at the page: login and logout.
import { byId, h, show, text } from './dom.js';
import { call } from './api.js';

/** Asks who is logged in; shows the login and waits for it where nobody is. */
export async function enter() {
  let me = await call('GET', '/page/me');
  while (me.username === null) {
    await login(me.login);
    me = await call('GET', '/page/me');
  }
  show(byId('page-login'), false);
  show(byId('visitor'), me.login && me.username !== 'token');
  text(byId('visitor-name'), me.username + ' (' + me.roles.join(', ') + ')');
  document.body.className = me.roles.includes('act') ? '' : 'read-only';
  byId('logout').onclick = async () => {
    await call('POST', '/page/logout');
    location.reload();
  };
}

function login(people) {
  text(byId('connection'), 'not logged in');
  return new Promise(resolve => {
    const problem = h('p', { role: 'alert', class: 'bad' });
    const form = h('form', {
      class: 'card', onsubmit: async event => {
        event.preventDefault();
        try {
          await call('POST', '/page/login', { name: form.elements.name.value, password: form.elements.password.value });
          resolve();
        } catch (failure) {
          text(problem, failure.message);
          form.elements.password.value = '';
          form.elements.password.focus();
        }
      }
    },
      h('label', {}, 'Name', h('input', { name: 'name', autocomplete: 'username', required: true })),
      h('label', {}, 'Password', h('input', {
        name: 'password', type: 'password', autocomplete: 'current-password', required: true
      })),
      problem,
      h('div', { class: 'actions' }, h('button', { class: 'main' }, 'Log in')));
    byId('page-login').replaceChildren(h('h1', {}, 'Log in'), people ? form
      : h('p', {}, 'This server takes a token from programs, and no person can log in: set sluice.user.NAME.password in '
        + 'application.properties.'));
    show(byId('page-login'), true);
  });
}
