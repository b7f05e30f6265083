/** How the commands print services and failures. */
import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { dirname, isAbsolute } from 'node:path';
import { errorCode, errorText, userName } from './process.mjs';
import { servicesDir } from './project.mjs';

/** @import { Service } from './provision.mjs' */
/** @typedef {(line: string) => void} Say  tells a person what goes on */

/** @type {(label: string, service: Service | null) => string} */
export function serviceLine(label, service) {
  return `${label.padEnd(9)} ${service ? whereItRuns(service) : 'does not run'}`;
}

/** The address without its password, and who runs it. @param {Service} service */
export function whereItRuns({ url, mode, pid, owner }) {
  const who = [mode, ...(pid === null ? [] : [`pid ${pid}`]), ...(owner ? [`run by ${owner}`] : [])];
  return `${withoutPassword(url)} (${who.join(', ')})`;
}

/** @param {string} url */
function withoutPassword(url) {
  return URL.canParse(url)
    ? Object.assign(new URL(url), { username: '', password: '' }).href
    : 'an address that is no URL';
}

/** One message for a person; a stack trace of a launcher helps nobody. @param {unknown} error */
export function errorMessage(error) {
  return accessProblem(error) ?? errorText(error);
}

/**
 * What `parseArgs` has found wrong with the words of a command. Of an option that there is not, Node's message goes on with
 * advice about words that begin with a dash, which none of our commands takes.
 * @param {unknown} error
 */
export function argumentProblem(error) {
  return errorMessage(error).replace(/^Unknown option '([^']+)'.*/s, 'There is no option $1.');
}

/** What to do about a file that we may not use; null for any other error. @param {unknown} error */
function accessProblem(error) {
  if (!(error instanceof Error) || !('path' in error) || !isAbsolute(String(error.path))) return null;
  const path = String(error.path);
  const place = nearestExisting(path);
  const code = codeOf(error, place);
  if (code !== 'EACCES' && code !== 'EPERM' && code !== 'EROFS') return null;
  const [owner, user] = [userName(statSync(place).uid), userName(process.geteuid?.() ?? -1)];
  const isOthers = code !== 'EROFS' && owner !== user;
  const cause = isOthers
    ? `${place} belongs to ${owner}, and this runs as ${user}. Run it as ${owner}`
    : `${code === 'EROFS' ? 'the file system is read-only' : `${place} is protected`}. Change that`;
  const remedy = `${path}/`.startsWith(`${servicesDir}/`)
    ? 'have the files of the servers elsewhere: FIRSTCOME_SERVICES_DIR=/another/directory'
    : 'copy the checkout to where it may be written';
  return `${path} cannot be used: ${cause}, or ${remedy}`;
}

/** Node's mkdir of a whole path says ENOENT where the system said that it may not be written. @type {(error: Error, place: string) => string | undefined} */
function codeOf(error, place) {
  const code = errorCode(error);
  if (code !== 'ENOENT' || !error.message.includes(' mkdir ')) return code;
  try {
    accessSync(place, constants.W_OK);
    return code;
  } catch (denial) {
    return errorCode(denial);
  }
}

/** @param {string} path @returns {string} */
function nearestExisting(path) {
  return existsSync(path) ? path : nearestExisting(dirname(path));
}
