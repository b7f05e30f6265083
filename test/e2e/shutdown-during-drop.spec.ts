import { beforeAll, expect, it } from '@jest/globals';
import { type Answer, ApiClient, type IssuedBody, type ReservationBody } from '../support/api-client.js';
import { type AppProcess, PATIENT, startApp } from '../support/app-process.js';
import { openDatabase, type TestDatabase } from '../support/database.js';
import { acceptedNumbers, expectConsistent, expectIssued } from '../support/drop.js';
import { inParallel } from '../support/in-parallel.js';
import { eventually } from '../support/poll.js';
import { newUserId } from '../support/unique-ids.js';

const CLIENTS = 64;

let database: TestDatabase;

beforeAll(() => {
  database = openDatabase();
});

type Accepting = Answer<ReservationBody | IssuedBody>;

/** Clients that ask, each for one new user after the other, until they are no longer answered 200. */
async function crowd(ask: (userId: number) => Promise<Accepting>, answers: Accepting[]): Promise<void> {
  await inParallel(Array.from({ length: CLIENTS }), async () => {
    let answer: Accepting;
    do {
      answer = await ask(newUserId());
      answers.push(answer);
    } while (answer.status === 200);
  });
}

it.each([
  ['reservation', 'reserve'],
  ['reservation', 'issue'],
  ['lock', 'issue'],
] as const)(
  'SIGTERM in the middle of a drop (strategy %s, %s) loses nothing that was answered 200',
  async (strategy, call) => {
    let app: AppProcess = await startApp({ env: PATIENT, waitFor: '/health/ready' });
    const api = new ApiClient(() => app.url);
    const { couponId } = await api.createCoupon({ strategy, totalQuantity: 1_000_000 });
    const answers: Accepting[] = [];
    const drop = crowd((userId) => api[call](couponId, userId), answers);
    await eventually(() => expect(answers.length).toBeGreaterThan(1000), { intervalMs: 5 });
    // The process gives itself up with code 1 when it has not come to an end after 5 s.
    expect(await app.kill('SIGTERM')).toEqual({ code: 0, signal: null });
    await drop;

    const accepted = acceptedNumbers(answers);
    expect(accepted.size).toBeGreaterThanOrEqual(1000 - CLIENTS);
    // An answer of /issue means a row, whoever is there to see to it afterwards.
    if (call === 'issue') await expectIssued(database, couponId, accepted);

    app = await startApp({ env: PATIENT, waitFor: '/health/ready' });
    await expectIssued(database, couponId, accepted);
    await expectConsistent(api, couponId);
  },
);
