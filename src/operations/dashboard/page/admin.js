/** The key of an operator: asked when it is first needed, held in this variable, and nowhere else. */
import { call } from './api.js';
import { byId, el } from './dom.js';
import { t } from './language.js';
import { toast } from './toast.js';

/** @import { Answer } from './api.js' */

const UNAUTHENTICATED = 401;
/** Too many wrong keys came from here. */
const RATE_LIMITED = 429;
const SENDABLE = /^[\x21-\x7e]+$/;

/** @type {string | undefined} */
let token;

byId('lock').addEventListener('click', () => {
  forget();
  toast(t('forgotten'));
});

/**
 * Makes a call as an admin; asks for the token as long as it is missing or refused.
 * @param {string} path
 * @param {{ method?: string, body?: object, isFile?: boolean }} [request]
 * @returns {Promise<Answer | undefined>} undefined when the person would rather not
 */
export async function callAsAdmin(path, request = {}) {
  if (token !== undefined) {
    const answer = await call(path, { ...request, token });
    if (answer.status !== UNAUTHENTICATED) return answer;
    forget();
    return ask(path, request, true);
  }
  return ask(path, request, false);
}

function forget() {
  token = undefined;
  byId('lock').hidden = true;
}

/**
 * The call itself tells whether the token is right, so the dialog stays open until it was accepted.
 * @param {string} path
 * @param {object} request
 * @param {boolean} wasRefused
 * @returns {Promise<Answer | undefined>}
 */
function ask(path, request, wasRefused) {
  const input = el('input', {
    id: 'token',
    type: 'password',
    required: true,
    autocomplete: 'off',
    spellcheck: 'false',
  });
  const error = el('p', { class: 'error', id: 'token-error', role: 'alert' }, wasRefused ? t('adminWrong') : '');
  const submit = el('button', { class: 'primary', type: 'submit' }, t('adminGo'));
  input.setAttribute('aria-describedby', 'token-error token-hint');
  const form = el(
    'form',
    { method: 'dialog' },
    el('h2', { id: 'admin-title' }, t('adminTitle')),
    el('p', { class: 'hint', id: 'token-hint' }, t('adminHint')),
    el('label', { for: 'token' }, t('adminLabel')),
    input,
    error,
    el('div', { class: 'actions' }, el('button', { type: 'button', click: () => dialog.close() }, t('cancel')), submit),
  );
  const dialog = el('dialog', { class: 'small', 'aria-labelledby': 'admin-title' }, form);
  document.body.append(dialog);

  return new Promise((resolve) => {
    /** @type {Answer | undefined} */
    let accepted;
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      void attempt();
    });
    dialog.addEventListener('close', () => {
      dialog.remove();
      resolve(accepted);
    });
    dialog.showModal();

    async function attempt() {
      const given = input.value.trim();
      submit.disabled = true;
      // Typed in Hangul by mistake it does not even fit into a header.
      const answer = SENDABLE.test(given) ? await call(path, { ...request, token: given }) : undefined;
      submit.disabled = false;
      if (answer === undefined || answer.status === UNAUTHENTICATED || answer.status === RATE_LIMITED) {
        error.textContent = answer?.status === RATE_LIMITED ? t('adminTooOften') : t('adminWrong');
        input.select();
        input.focus();
        return;
      }
      accepted = answer;
      // Without an answer nobody has said yet that it is right.
      if (answer.status !== 0) {
        token = given;
        byId('lock').hidden = false;
      }
      dialog.close();
    }
  });
}
