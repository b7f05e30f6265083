/** Calls of the application. They never throw: no answer is an answer, too. */
import { t, textOf } from './language.js';

/** @typedef {{ code?: string, detail?: string, errors?: Array<{ path: string, message: string }> }} Problem */
/** @typedef {{ ok: boolean, status: number, body: any }} Answer  status 0: there was none */

// The page is /dashboard, possibly below a prefix.
const ROOT = new URL('../../', import.meta.url);

/**
 * @param {string} path  without a slash in front
 * @param {{ method?: string, body?: object, token?: string, isFile?: boolean }} [request]  the body of a file is a Blob
 * @returns {Promise<Answer>}
 */
export async function call(path, { method = 'GET', body, token, isFile = false } = {}) {
  /** @type {Record<string, string>} */
  const headers = {};
  if (body !== undefined) headers['content-type'] = 'application/json';
  if (token !== undefined) headers['authorization'] = `Bearer ${token}`;
  try {
    /** @type {RequestInit} */
    const request = { method, headers, cache: 'no-store', credentials: 'omit' };
    if (body !== undefined) request.body = JSON.stringify(body);
    const response = await fetch(new URL(path, ROOT), request);
    const answer = isFile && response.ok ? await response.blob() : await response.json();
    return { ok: response.ok, status: response.status, body: answer };
  } catch {
    return { ok: false, status: 0, body: { code: 'NO_ANSWER', detail: '' } };
  }
}

/**
 * What went wrong, for people.
 * @param {Answer} answer
 */
export function problemText({ status, body }) {
  const { code = '', detail = String(status) } = /** @type {Problem} */ (body);
  return textOf(code, t('failed', { detail }));
}
