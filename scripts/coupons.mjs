/**
 * npm run coupons -- grant COUPON FILE: gives a coupon to all users of a file, 10,000 at a time. Goes on where it stopped
 * when it is run again; nobody gets two. Exit code 0: all have it, 1: not all, 2: not done, or called in a wrong way.
 */
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { GrantCalls } from './coupons/grant-calls.mjs';
import { progressLine } from './coupons/progress-line.mjs';
import { readUsers, surveyUsers } from './coupons/users-file.mjs';
import { errorMessage } from './services/messages.mjs';

/** @import { Ends } from './coupons/grant-calls.mjs' */

const USAGE = `Usage: npm run coupons -- grant COUPON FILE
  COUPON       the id of the coupon
  FILE         CSV with a user id at the beginning of each line; a head line "userId" may come first
  BASE_URL     the application (http://localhost:8080)
  ADMIN_TOKEN  its admin token, or the key of an operator (local-admin)`;

/** The most users that one call may name. */
const CHUNK = 10_000;

process.exitCode = await main(process.argv.slice(2));

/** Resolves with the exit code. @param {string[]} words */
async function main(words) {
  const [command, couponId = '', file = ''] = words;
  if (command !== 'grant' || words.length !== 3 || !/^[1-9]\d{0,15}$/.test(couponId)) {
    console.error(USAGE);
    return 2;
  }
  try {
    return await grant(couponId, file);
  } catch (error) {
    console.error(errorMessage(error));
    return 2;
  }
}

/** @param {string} couponId @param {string} file */
async function grant(couponId, file) {
  const { BASE_URL, ADMIN_TOKEN } = process.env;
  const baseUrl = (BASE_URL || 'http://localhost:8080').replace(/\/$/, '');
  const calls = new GrantCalls(baseUrl, couponId, ADMIN_TOKEN || 'local-admin');
  // All of it before anybody gets anything: a wrong line at the end would else be told when most is done.
  const { rows, sha256 } = await surveyUsers(file);
  const progressFile = `${file}.grant-${couponId}.progress`;
  const { done, ends } = await readProgress(progressFile, { baseUrl, sha256 });
  if (done > 0) console.error(`Goes on after ${done.toLocaleString('en')} users, as ${progressFile} says.`);
  const show = progressLine(rows);
  let at = done;
  for await (const userIds of readUsers(file, { skip: done, size: CHUNK })) {
    const chunk = await calls.grant(userIds);
    for (const end of /** @type {Array<keyof Ends>} */ (Object.keys(ends))) ends[end] += chunk[end].length;
    at += userIds.length;
    await writeProgress(progressFile, { baseUrl, sha256, done: at, ends });
    show(at);
  }
  await rm(progressFile, { force: true });
  return report(couponId, ends);
}

/** The exit code. @param {string} couponId @param {Ends} ends */
function report(couponId, { issued, alreadyIssued, soldOut, unknownUsers, pending }) {
  console.log(
    `Coupon ${couponId}: ${issued} issued, ${alreadyIssued} had it already, ${soldOut} found it sold out, ` +
      `${unknownUsers} are not registered, ${pending} are not decided.`,
  );
  return soldOut + unknownUsers + pending === 0 ? 0 : 1;
}

/** @typedef {{ baseUrl: string, sha256: string, done: number, ends: Ends }} Progress */

/**
 * Where an earlier run of the same file, to the same application, stopped.
 * @type {(file: string, of: Pick<Progress, 'baseUrl' | 'sha256'>) => Promise<Pick<Progress, 'done' | 'ends'>>}
 */
async function readProgress(file, { baseUrl, sha256 }) {
  const none = { done: 0, ends: { issued: 0, alreadyIssued: 0, soldOut: 0, unknownUsers: 0, pending: 0 } };
  try {
    /** @type {Progress} */
    const progress = JSON.parse(await readFile(file, 'utf8'));
    return progress.baseUrl === baseUrl && progress.sha256 === sha256 ? progress : none;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return none;
    throw new Error(`${file} cannot be read: ${errorMessage(error)}. Delete it to begin anew.`, { cause: error });
  }
}

/** In one step, so that a run that is killed leaves a whole one. @param {string} file @param {Progress} progress */
async function writeProgress(file, progress) {
  await writeFile(`${file}.new`, JSON.stringify(progress));
  await rename(`${file}.new`, file);
}
