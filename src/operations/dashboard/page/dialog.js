/** Dialogs with a form: Escape and "Cancel" close them, and then they are gone. */
import { el } from './dom.js';
import { t } from './language.js';

/** @import { Child } from './dom.js' */

let count = 0;

/**
 * Shows a form. `submit` may leave it open, to say what is wrong.
 * @param {{ title: string, go: string, isDangerous?: boolean, isSmall?: boolean, submit: (form: OpenForm) => void, closed?: () => void }} options
 * @param {...Child} contents
 * @returns {OpenForm}
 */
export function openForm({ title, go, isDangerous = false, isSmall = false, submit, closed }, ...contents) {
  count += 1;
  const id = `dialog-${count}`;
  const error = el('p', { class: 'error', role: 'alert' });
  const button = el('button', { class: isDangerous ? 'danger' : 'primary', type: 'submit' }, go);
  const cancel = el('button', { type: 'button', click: () => dialog.close() }, t('cancel'));
  const form = el(
    'form',
    { method: 'dialog' },
    el('h2', { id }, title),
    ...contents,
    error,
    el('div', { class: 'actions' }, cancel, button),
  );
  const dialog = el('dialog', { 'aria-labelledby': id, class: isSmall ? 'small' : 'form' }, form);
  const open = { dialog, error, button, close: () => dialog.close() };
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    submit(open);
  });
  dialog.addEventListener('close', () => {
    dialog.remove();
    closed?.();
  });
  document.body.append(dialog);
  dialog.showModal();
  return open;
}

/** @typedef {{ dialog: HTMLDialogElement, error: HTMLElement, button: HTMLButtonElement, close: () => void }} OpenForm */

/**
 * Asks once. Where much is at stake, the number has to be typed.
 * @param {{ title: string, text: string, go: string, number?: number }} question
 * @returns {Promise<boolean>}
 */
export function confirm({ title, text, go, number }) {
  const typed = el('input', { id: 'confirm-number', inputmode: 'numeric', autocomplete: 'off' });
  const label =
    number === undefined
      ? null
      : el('label', { for: 'confirm-number' }, t('typeTheNumber', { number: String(number) }), typed);
  return new Promise((resolve) => {
    let isConfirmed = false;
    const submit = (/** @type {OpenForm} */ { error, close }) => {
      if (number !== undefined && typed.value.replace(/[\s,.]/g, '') !== String(number)) {
        error.textContent = t('notTheNumber', { number: String(number) });
        typed.focus();
        return;
      }
      isConfirmed = true;
      close();
    };
    const closed = () => resolve(isConfirmed);
    openForm({ title, go, isDangerous: true, isSmall: true, submit, closed }, el('p', {}, text), label);
  });
}
