/** Lists of users, as people paste them: from a spreadsheet, a mail, a column of a CSV file. */

/** As many as one call takes. */
const CHUNK = 10_000;

/**
 * Each once, in the order given; what is no user id at all is returned as it stands.
 * @param {string} text
 * @returns {{ userIds: number[], wrong: string | undefined }}
 */
export function userIdsIn(text) {
  const words = text.split(/[\s,;"']+/).filter((word) => word !== '');
  const wrong = words.find((word) => !/^[1-9]\d{0,15}$/.test(word) || !Number.isSafeInteger(Number(word)));
  return { userIds: [...new Set(words.map(Number))], wrong };
}

/** @param {readonly number[]} userIds */
export function inChunks(userIds) {
  return Array.from({ length: Math.ceil(userIds.length / CHUNK) }, (_, index) =>
    userIds.slice(index * CHUNK, (index + 1) * CHUNK),
  );
}
