/**
 * npm run audit -- <couponId>: the audit of a coupon of a running application, as a table with a verdict.
 * npm run audit -- balances: whether every balance is the sum of its entries, all of them at one moment.
 * Exit code 0: consistent, 1: not consistent, 2: no answer, or called in a wrong way.
 */
import { balanceReport } from './audit/balance-report.mjs';
import { auditReport } from './audit/report.mjs';
import { errorMessage } from './services/messages.mjs';

/** @import { BalanceAudit } from './audit/balance-report.mjs' */
/** @import { Audit } from './audit/report.mjs' */

const USAGE = `Usage: npm run audit -- <couponId>
       npm run audit -- balances
  BASE_URL     the application (http://localhost:8080)
  ADMIN_TOKEN  its admin token (local-admin)`;

/** Balances of millions of users take their time. */
const TIMEOUT_MS = 280_000;

process.exitCode = await main(process.argv.slice(2));

/** Resolves with the exit code. @param {string[]} words */
async function main(words) {
  const [subject = ''] = words;
  if (words.length !== 1 || !/^([1-9]\d*|balances)$/.test(subject)) {
    console.error(USAGE);
    return 2;
  }
  try {
    const { BASE_URL, ADMIN_TOKEN } = process.env;
    const baseUrl = (BASE_URL || 'http://localhost:8080').replace(/\/$/, '');
    const token = ADMIN_TOKEN || 'local-admin';
    const { consistent, report } = await (subject === 'balances'
      ? auditBalances(baseUrl, token)
      : auditCoupon(baseUrl, subject, token));
    console.log(report);
    return consistent ? 0 : 1;
  } catch (error) {
    console.error(errorMessage(error));
    return 2;
  }
}

/** @param {string} baseUrl @param {string} couponId @param {string} token */
async function auditCoupon(baseUrl, couponId, token) {
  /** @type {Audit} */
  const audit = await fetchAudit(baseUrl, `/api/coupons/${couponId}/audit`, token);
  return { consistent: audit.consistent, report: auditReport(audit, baseUrl) };
}

/** @param {string} baseUrl @param {string} token */
async function auditBalances(baseUrl, token) {
  /** @type {BalanceAudit} */
  const audit = await fetchAudit(baseUrl, '/api/balances/audit', token);
  return { consistent: audit.consistent, report: balanceReport(audit, baseUrl) };
}

/** @param {string} baseUrl @param {string} path @param {string} token */
async function fetchAudit(baseUrl, path, token) {
  const response = await call(`${baseUrl}${path}`, token);
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
