/** How the commands print services and failures. */
import { errorCode } from './process.mjs';

/** @import { Service } from './provision.mjs' */
/** @typedef {(line: string) => void} Say  tells a person what goes on */

/** @type {(label: string, service: Service | null) => string} */
export function serviceLine(label, service) {
  return `${label.padEnd(9)} ${service ? whereItRuns(service) : 'does not run'}`;
}

/** The address without its password, and who runs it. @param {Service} service */
export function whereItRuns({ url, mode, pid }) {
  return `${withoutPassword(url)} (${pid === null ? mode : `${mode}, pid ${pid}`})`;
}

/** @param {string} url */
function withoutPassword(url) {
  return URL.canParse(url)
    ? Object.assign(new URL(url), { username: '', password: '' }).href
    : 'an address that is no URL';
}

/** One message for a person; a stack trace of a launcher helps nobody. @param {unknown} error */
export function errorMessage(error) {
  const message = error instanceof Error ? error.message : String(error);
  const code = errorCode(error);
  if (code !== 'EACCES' && code !== 'EPERM') return message;
  return `${message}\nIt belongs to another user: run this as that user, or delete .services first.`;
}
