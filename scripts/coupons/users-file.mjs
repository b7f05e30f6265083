/** The user ids of a file: the first column of CSV. */
import { parse } from 'csv-parse';
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';

const HEAD = 'userId';
const ID = /^[1-9]\d{0,15}$/;

/**
 * Reads the whole file once: how many users it has, and what it is known by.
 * @type {(file: string) => Promise<{ rows: number, sha256: string }>}
 */
export async function surveyUsers(file) {
  const hash = createHash('sha256');
  let rows = 0;
  for await (const userId of userIdsOf(file)) {
    hash.update(`${userId}\n`);
    rows += 1;
  }
  if (rows === 0) throw new Error(`${file} has no user ids`);
  return { rows, sha256: hash.digest('hex') };
}

/**
 * The users after the first `skip`, `size` at a time.
 * @type {(file: string, how: { skip: number, size: number }) => AsyncGenerator<number[]>}
 */
export async function* readUsers(file, { skip, size }) {
  /** @type {number[]} */
  let chunk = [];
  let at = 0;
  for await (const userId of userIdsOf(file)) {
    at += 1;
    if (at <= skip) continue;
    chunk.push(userId);
    if (chunk.length < size) continue;
    yield chunk;
    chunk = [];
  }
  if (chunk.length > 0) yield chunk;
}

/** @type {(file: string) => AsyncGenerator<number>} */
async function* userIdsOf(file) {
  const input = createReadStream(file);
  const records = parse({ bom: true, trim: true, skip_empty_lines: true, relax_column_count: true, info: true });
  // A pipe hands no error on.
  input.on('error', (error) => records.destroy(error)).pipe(records);
  let isFirst = true;
  for await (const { record, info } of records) {
    const [field = ''] = /** @type {string[]} */ (record);
    const isHead = isFirst && field === HEAD;
    isFirst = false;
    if (isHead) continue;
    const userId = Number(field);
    if (!ID.test(field) || !Number.isSafeInteger(userId)) {
      throw new Error(
        `${file}, line ${info.lines}: "${field.slice(0, 40)}" is no user id; nobody was granted anything`,
      );
    }
    yield userId;
  }
}
