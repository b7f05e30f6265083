/**
 * npm run audit -- <couponId>: the audit of a coupon of a running application, as a table with a verdict.
 * Exit code 0: consistent, 1: not consistent, 2: no answer, or called in a wrong way.
 */
import { auditReport } from './audit/report.mjs';
import { errorMessage } from './services/messages.mjs';

/** @import { Audit } from './audit/report.mjs' */

const USAGE = `Usage: npm run audit -- <couponId>
  BASE_URL     the application (http://localhost:8080)
  ADMIN_TOKEN  its admin token (local-admin)`;

const TIMEOUT_MS = 60_000;

process.exitCode = await main(process.argv.slice(2));

/** Resolves with the exit code. @param {string[]} words */
async function main(words) {
  const [couponId = ''] = words;
  if (words.length !== 1 || !/^[1-9]\d*$/.test(couponId)) {
    console.error(USAGE);
    return 2;
  }
  try {
    const { BASE_URL, ADMIN_TOKEN } = process.env;
    const baseUrl = (BASE_URL || 'http://localhost:8080').replace(/\/$/, '');
    const audit = await fetchAudit(baseUrl, couponId, ADMIN_TOKEN || 'local-admin');
    console.log(auditReport(audit, baseUrl));
    return audit.consistent ? 0 : 1;
  } catch (error) {
    console.error(errorMessage(error));
    return 2;
  }
}

/** @type {(baseUrl: string, couponId: string, token: string) => Promise<Audit>} */
async function fetchAudit(baseUrl, couponId, token) {
  const response = await call(`${baseUrl}/api/coupons/${couponId}/audit`, token);
  const text = await response.text();
  if (response.ok && text.startsWith('{')) return JSON.parse(text);
  if (response.status === 401) throw new Error(`${baseUrl} does not accept the admin token: set ADMIN_TOKEN`);
  throw new Error(`${baseUrl} answered ${response.status}: ${detailOf(text)}`);
}

/** @param {string} url @param {string} token */
async function call(url, token) {
  if (!URL.canParse(url)) throw new Error(`BASE_URL must be an address such as http://localhost:8080; ${url} is none`);
  try {
    return await fetch(url, { headers: { authorization: `Bearer ${token}` }, signal: AbortSignal.timeout(TIMEOUT_MS) });
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    throw new Error(`${url} cannot be reached: ${errorMessage(cause)}`, { cause: error });
  }
}

/** What a problem says, or the beginning of whatever came. @type {(text: string) => string} */
function detailOf(text) {
  try {
    return JSON.parse(text).detail ?? text.slice(0, 200);
  } catch {
    return text.slice(0, 200);
  }
}
