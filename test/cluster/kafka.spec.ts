import { beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { RESERVATIONS_TOPIC, toMessage } from '../../src/coupon/issuance/kafka/reservations-topic.js';
import { freePort } from '../../scripts/services/free-port.mjs';
import { promises } from '../support/after-a-fault.js';
import { type Answer, ApiClient, type ReservationBody, tally } from '../support/api-client.js';
import { type AppProcess, PATIENT, startApp } from '../support/app-process.js';
import { ClusterSet } from '../support/cluster-set.js';
import { expectConsistent, expectIssued, expectSoldOut } from '../support/drop.js';
import { inParallel } from '../support/in-parallel.js';
import { KafkaTopic } from '../support/kafka-topic.js';
import { Scrape } from '../support/metrics.js';
import { numbersTo } from '../support/numbers-to.js';
import { eventually } from '../support/poll.js';
import { newUserIds } from '../support/unique-ids.js';

/** Three brokers between admission and ledger, three instances that admit and issue: what fails there costs nobody a coupon. */

const APPS = ['app-1', 'app-2', 'app-3'];
const BROKERS = ['kafka-1', 'kafka-2', 'kafka-3'];
const STOCK = 5_000;
const USERS = 8_000;
const CALLERS = 64;
/** Who is admitted where nothing is dropped. */
const FEW = 20;
const ENV = {
  ...PATIENT,
  REDIS_COMMAND_TIMEOUT_MS: '10000',
  // What a fault has lost is to be found soon.
  KAFKA_SWEEP_AFTER_MS: '4000',
};

/** What of an event is looked at. */
interface ToldEvent {
  readonly sequence: string;
  readonly type: string;
  readonly data: { readonly items: ReadonlyArray<{ readonly userId: number }> };
}

let set: ClusterSet;
let topic: KafkaTopic;
let couponId: number;

beforeAll(async () => {
  set = await ClusterSet.start({ kafka: BROKERS.length, env: ENV });
  topic = await KafkaTopic.open(set.kafkaBrokers, RESERVATIONS_TOPIC);
});

beforeEach(async () => {
  await set.balancer.knows({ well: APPS.length });
  couponId = (await eventually(() => set.api.createCoupon({ totalQuantity: STOCK }))).couponId;
});

/** Many more than there are slots for ask; the fault comes when a fifth of the stock is gone. */
async function dropWith(fault: () => Promise<void>): Promise<Array<Answer<ReservationBody>>> {
  let accepted = 0;
  const ask = async (userId: number) => {
    const answer = await set.api.reserve(couponId, userId);
    if (answer.status === 200) accepted += 1;
    return answer;
  };
  const drop = inParallel(newUserIds(USERS), ask, CALLERS);
  await eventually(() => expect(accepted).toBeGreaterThan(STOCK / 5), { intervalMs: 5 });
  await fault();
  return await drop;
}

/** Nobody who asked has noticed anything, and everybody who was accepted has a coupon. */
async function expectUnnoticed(answers: ReadonlyArray<Answer<ReservationBody>>): Promise<void> {
  expect(tally(answers)).toEqual({ '200': STOCK, '409 COUPON_SOLD_OUT': USERS - STOCK });
  await expectSoldOut(set, couponId, answers, STOCK);
}

/** Of the instances of the set, together. */
async function counted(metric: string, labels: Readonly<Record<string, string>> = {}): Promise<number> {
  const scrapes = await Promise.all(APPS.map((_app, index) => Scrape.of({ url: set.instanceUrl(index + 1) })));
  return scrapes.reduce((sum, scrape) => sum + scrape.sum(metric, labels), 0);
}

async function startAdmitting(env: Readonly<Record<string, string>> = {}): Promise<AppProcess> {
  return await startApp({
    env: {
      ...ENV,
      REDIS_URL: set.redisUrl,
      DATABASE_URL: set.databaseUrls[0] as string,
      KAFKA_BROKERS: set.kafkaBrokers,
      COUPON_ISSUANCE_TRANSPORT: 'kafka',
      ROLE: 'admit',
      ...env,
    },
    waitFor: '/health/ready',
  });
}

async function reserveFew(url: string): Promise<Map<number, number>> {
  const api = new ApiClient(url);
  const answers = await inParallel(newUserIds(FEW), (userId) => api.reserve(couponId, userId));
  expect(tally(answers)).toEqual({ '200': FEW });
  return promises(answers);
}

function messageOf(reservations: ReadonlyArray<readonly [userId: number, sequenceNumber: number]>): string {
  const all = reservations.map(([userId, sequenceNumber]) => ({ userId, sequenceNumber, reservedAt: Date.now() }));
  return toMessage(couponId, all).value;
}

describe('a drop through three brokers', () => {
  it('loses nobody when one of them is killed', async () => {
    const answers = await dropWith(() => set.kill('kafka-1'));
    await expectUnnoticed(answers);
    await set.start('kafka-1');
  });

  it('loses nobody when two of them are killed, and says that it goes on without Kafka', async () => {
    const [first, second] = ['kafka-2', 'kafka-3'] as const;
    const answers = await dropWith(async () => {
      await Promise.all([set.kill(first), set.kill(second)]);
    });
    await expectUnnoticed(answers);
    await eventually(async () => {
      const { status, body } = await new ApiClient(set.instanceUrl(1)).call('/health/ready');
      expect({ status, body }).toMatchObject({
        status: 200,
        body: { status: 'degraded', details: { redis: { status: 'up' }, kafka: { status: 'down' } } },
      });
    });
    await Promise.all([set.start(first), set.start(second)]);
  });

  it('loses nobody when the leader of its partition stands still', async () => {
    // Each leads the partitions of some coupons, and one of them all that concerns the group.
    const answers = await dropWith(() => set.freeze('kafka-1'));
    await expectUnnoticed(answers);
    await set.thaw('kafka-1');
  });

  it('loses nobody when an instance is killed that takes part in it', async () => {
    const answers = await dropWith(() => set.kill('app-3'));
    const others = answers.filter(({ status, error }) => status !== 200 && error !== 'COUPON_SOLD_OUT');
    // Each caller had at most one on its way, whose slot may be taken.
    expect(others.filter(({ status }) => status !== 502 && status !== 0)).toEqual([]);
    expect(others.length).toBeLessThanOrEqual(CALLERS);
    await expectIssued(set.database, couponId, promises(answers));
    await expectConsistent(set.api, couponId);
    const rows = await set.database.userCoupons(couponId);
    expect(rows.map(({ sequenceNumber }) => sequenceNumber)).toEqual(numbersTo(STOCK));
    await set.start('app-3');
  });
});

describe('issue', () => {
  it('is answered 200 on every instance, whichever has the partition', async () => {
    for (const [index] of APPS.entries()) {
      const api = new ApiClient(set.instanceUrl(index + 1));
      const answers = await inParallel(newUserIds(FEW), (userId) => api.issue(couponId, userId));
      expect(tally(answers)).toEqual({ '200': FEW });
    }
  });
});

describe('a message', () => {
  it('is of no matter: late, twice, in any order, or never there', async () => {
    // It admits, and what it writes gets nowhere: nobody is there from the start.
    const admitting = await startAdmitting({ KAFKA_BROKERS: `127.0.0.1:${await freePort()}` });
    const issued = await counted('firstcome_kafka_consumed_total', { result: 'issued' });
    const numbers = [...(await reserveFew(admitting.url))];
    const wrong = numbers.map(([userId, number]) => [userId, number + 1] as const);
    const half = numbers.slice(FEW / 2).toReversed();
    await topic.write(String(couponId), [messageOf(wrong), messageOf(half), messageOf(half), messageOf(half.slice(1))]);
    await eventually(async () => {
      const now = await counted('firstcome_kafka_consumed_total', { result: 'issued' });
      // Unless a sweep was sooner, on a slow machine.
      expect(now).toBeGreaterThan(issued);
    });
    // The others are found by the sweep.
    await expectIssued(set.database, couponId, new Map(numbers));
    await expectConsistent(set.api, couponId);
    expect(await set.database.userCoupons(couponId)).toHaveLength(FEW);
    expect(admitting.logs).toMatch(/\[Kafka\] unavailable: UNREACHABLE/);
    await admitting.kill('SIGTERM');
  });

  it('that is none of ours is skipped, and stops nobody behind it', async () => {
    const before = await counted('firstcome_kafka_poison_total');
    const poison = ['no JSON', 'null', '{}', '{"couponId":1,"reservations":[{"userId":"one"}]}'];
    await topic.write(String(couponId), poison);
    const numbers = await reserveFew(set.address);
    await expectIssued(set.database, couponId, numbers);
    await eventually(async () => expect(await counted('firstcome_kafka_poison_total')).toBe(before + poison.length));
  });
});

describe('what is decided', () => {
  it('is in the topic of events, once or more, in its order, and nothing else is', async () => {
    const answers = await inParallel(newUserIds(FEW), (userId) => set.api.issue(couponId, userId));
    expect(tally(answers)).toEqual({ '200': FEW });
    const broker = BROKERS[0] as string;
    await set.kill(broker);
    await set.api.patchCoupon(couponId, { name: 'Told in its turn' });

    const events = await KafkaTopic.open(set.kafkaBrokers, 'firstcome.events');
    const heard: ToldEvent[] = [];
    await events.follow(`coupons/${couponId}`, (value) => heard.push(JSON.parse(value) as ToldEvent));
    await eventually(() => expect(heard.at(-1)?.type).toBe('firstcome.coupon.changed'));
    const told = heard.filter(({ sequence }, index) => heard.findIndex((each) => each.sequence === sequence) === index);
    expect(told.map(({ sequence }) => Number(sequence))).toEqual(numbersTo(told.length));
    const users = told.flatMap(({ data }) => data.items.map(({ userId }) => userId));
    const holders = (await set.database.userCoupons(couponId)).map(({ userId }) => userId);
    expect(users).toHaveLength(holders.length);
    expect(new Set(users)).toEqual(new Set(holders));
    await set.start(broker);
  });
});

describe('the way back to in-process', () => {
  it('loses nobody whose message is still in Kafka', async () => {
    await Promise.all(APPS.map((app) => set.kill(app, 'SIGTERM')));
    const admitting = await startAdmitting();
    const numbers = await reserveFew(admitting.url);
    const { url } = admitting;
    await eventually(async () => {
      const produced = (await Scrape.of({ url })).sum('firstcome_kafka_produced_total', { result: 'produced' });
      expect(produced).toBe(FEW);
    });
    await admitting.kill('SIGTERM');
    expect(await set.database.userCoupons(couponId)).toEqual([]);

    await set.start('app-1', { COUPON_ISSUANCE_TRANSPORT: 'in-process' });
    await expectIssued(set.database, couponId, numbers);
    await expectConsistent(new ApiClient(set.instanceUrl(1)), couponId);

    // And there again, what is left in Kafka is dropped.
    await set.kill('app-1', 'SIGTERM');
    await Promise.all(APPS.map((app) => set.start(app)));
    await eventually(async () =>
      expect(await counted('firstcome_kafka_consumed_total', { result: 'dropped' })).toBe(FEW),
    );
    await expectConsistent(set.api, couponId);
  });
});
