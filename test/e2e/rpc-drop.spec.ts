import { beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type Answer, ApiClient } from '../support/api-client.js';
import { type AppProcess, type Environment, PATIENT, startApp } from '../support/app-process.js';
import {
  type CampaignAnswer,
  CampaignClient,
  ISSUE_ROUTE,
  issueBytes,
  NO_ANSWER,
  type Way,
  WAYS,
} from '../support/campaign-client.js';
import { openDatabase, type TestDatabase, testDatabaseUrl } from '../support/database.js';
import { expectConsistent } from '../support/drop.js';
import { inParallel, shuffled } from '../support/in-parallel.js';
import { Scrape } from '../support/metrics.js';
import { numbersTo } from '../support/numbers-to.js';
import { eventually } from '../support/poll.js';
import { classOf } from '../support/pool-view.js';
import { RawConnection } from '../support/raw-connection.js';
import { holdRowLock } from '../support/row-lock.js';
import { Site } from '../support/site.js';
import { countEach } from '../support/tally.js';
import { inDays } from '../support/times.js';
import { newInt32UserId, newInt32UserIds } from '../support/unique-ids.js';
import { sendAndVanish } from '../support/vanish.js';

/** What one user was told. */
interface Told {
  readonly userId: number;
  readonly outcome: string;
}

interface World {
  readonly api: ApiClient;
  readonly database: TestDatabase;
}

const ADMIN_TOKEN = 'local-admin';
const DURATIONS = 'firstcome_http_request_duration_seconds_count';
const SOLD_OUT = 'failed_precondition COUPON_SOLD_OUT';
const CLAIMED = 'already_exists COUPON_ALREADY_CLAIMED';

function anyOf<T>(items: readonly T[], index: number): T {
  return items[index % items.length] as T;
}

async function told(client: CampaignClient, campaignId: number, userId: number): Promise<Told> {
  return { userId, outcome: (await client.issue(campaignId, userId)).outcome };
}

function toldByRest(userId: number, { status, error }: Answer<unknown>): Told {
  return { userId, outcome: status === 200 ? 'OK' : `${status} ${error}` };
}

function outcomes(answers: ReadonlyArray<{ readonly outcome: string }>): Record<string, number> {
  return countEach(answers.map(({ outcome }) => outcome));
}

function acceptedUsers(answers: readonly Told[]): number[] {
  return answers.filter(({ outcome }) => outcome === 'OK').map(({ userId }) => userId);
}

/** How many answers of IssueCoupon were of this class. */
function answered(scrape: Scrape, statusClass: string): number {
  return scrape.value(DURATIONS, { method: 'POST', route: ISSUE_ROUTE, status_class: statusClass }) ?? 0;
}

/** How many answers of IssueCoupon there were at all. */
function allAnswered(scrape: Scrape): number {
  return scrape.sum(DURATIONS, { route: ISSUE_ROUTE });
}

/** Asserts that these callers are told which side is away, and in how many seconds to come back. */
function expectUnavailable(answers: ReadonlyArray<CampaignAnswer<unknown>>, outcome: string): void {
  expect(answers.map((answer) => answer.outcome)).toEqual(answers.map(() => outcome));
  for (const { metadata } of answers) expect(metadata.get('retry-after')).toMatch(/^[1-9]\d*$/);
}

/** Waits until nothing is pending; then exactly these users hold a row, and the numbers have no gap. */
async function expectIssuedTo({ api, database }: World, campaignId: number, userIds: readonly number[]): Promise<void> {
  await expectConsistent(api, campaignId);
  const rows = await database.userCoupons(campaignId);
  expect(rows.map(({ userId }) => userId).sort((a, b) => a - b)).toEqual([...userIds].sort((a, b) => a - b));
  expect(rows.map(({ sequenceNumber }) => sequenceNumber)).toEqual(numbersTo(userIds.length));
}

describe('three processes', () => {
  let app: AppProcess;
  /** Over the same servers, but administration needs the token there. */
  let closed: AppProcess;
  let api: ApiClient;
  let apis: ApiClient[];
  let database: TestDatabase;
  /** Of the first process, in every way. */
  let clients: CampaignClient[];
  let client: CampaignClient;
  /** Of all three, in every way. */
  let everywhere: CampaignClient[];

  beforeAll(async () => {
    database = openDatabase();
    const environments: Environment[] = [PATIENT, PATIENT, { ...PATIENT, RPC_OPEN_ACCESS: 'false' }];
    const apps = await inParallel(environments, (env) => startApp({ env, waitFor: '/health/ready' }));
    [app, , closed] = apps as [AppProcess, AppProcess, AppProcess];
    apis = apps.map(({ url }) => new ApiClient(url));
    api = apis[0] as ApiClient;
    everywhere = apps.flatMap(({ url }) => CampaignClient.inEveryWay(url));
    clients = CampaignClient.inEveryWay(app.url);
    client = clients[0] as CampaignClient;
  });

  function ofProcess(index: number, way: number): CampaignClient {
    return everywhere[(index % apis.length) * WAYS.length + way] as CampaignClient;
  }

  /** In every way somebody asks for the same user, and all hear the same. */
  async function expectRefused(campaignId: number, outcome: string, userId = newInt32UserId()): Promise<void> {
    const answers = await inParallel(clients, (each) => told(each, campaignId, userId));
    expect(answers.map((answer) => answer.outcome)).toEqual(clients.map(() => outcome));
  }

  describe('a drop by IssueCoupon', () => {
    it('gives 500 coupons to 500 of 1,500 users who ask at once, in every way and of every process', async () => {
      const campaignId = await client.created({ couponLimit: 500n });
      const answers = await inParallel(newInt32UserIds(1500), (userId, index) =>
        told(anyOf(everywhere, index), campaignId, userId),
      );
      expect(outcomes(answers)).toEqual({ OK: 500, [SOLD_OUT]: 1000 });
      await expectIssuedTo({ api, database }, campaignId, acceptedUsers(answers));

      const rows = await database.userCoupons(campaignId);
      expect(new Set(rows.map(({ code }) => code)).size).toBe(500);
      for (const { message } of await inParallel(clients, (each) => each.get(campaignId))) {
        expect(Number(message?.currentCoupon)).toBe(500);
        expect(message?.issuedCoupons).toEqual(rows.map(({ code }) => code));
      }
    });

    it('does the same under the row lock of MySQL', async () => {
      const campaignId = await client.created({ couponLimit: 20n, strategy: 'lock' });
      expect((await api.coupon(campaignId)).body.strategy).toBe('lock');
      const answers = await inParallel(newInt32UserIds(100), (userId, index) =>
        told(anyOf(everywhere, index), campaignId, userId),
      );
      expect(outcomes(answers)).toEqual({ OK: 20, [SOLD_OUT]: 80 });
      await expectIssuedTo({ api, database }, campaignId, acceptedUsers(answers));
    });

    it.each(['reservation', 'lock'])(
      'accepts each of 50 users once who ask by REST and in every way at once (strategy %s)',
      async (strategy) => {
        const campaignId = await client.created({ strategy });
        const users = newInt32UserIds(50);
        const asks = shuffled(
          users.flatMap((userId) => [
            async (index: number) => toldByRest(userId, await anyOf(apis, index).reserve(campaignId, userId)),
            async (index: number) => toldByRest(userId, await anyOf(apis, index).issue(campaignId, userId)),
            ...WAYS.map((_way, way) => (index: number) => told(ofProcess(index, way), campaignId, userId)),
          ]),
        );
        const answers = await inParallel(asks, (ask, index) => ask(index));

        expect(acceptedUsers(answers).sort((a, b) => a - b)).toEqual(users);
        const refused = answers.filter(({ outcome }) => outcome !== 'OK');
        expect(new Set(refused.map(({ outcome }) => outcome))).toEqual(new Set(['409 ALREADY_ISSUED', CLAIMED]));
        expect(refused).toHaveLength(50 * (1 + WAYS.length));
        await expectIssuedTo({ api, database }, campaignId, users);
      },
    );
  });

  describe('IssueCoupon refuses in every way', () => {
    it('a user who is not registered, where the campaign is for those who are', async () => {
      const campaignId = await client.created({ audience: 'registered' });
      await expectRefused(campaignId, 'not_found RECORD_NOT_FOUND');

      const users = newInt32UserIds(clients.length);
      await database.change('INSERT INTO users (id, name, email) VALUES ?', [
        users.map((userId) => [userId, 'Registered', `rpc${userId}@example.com`]),
      ]);
      const answers = await inParallel(users, (userId, index) => told(anyOf(clients, index), campaignId, userId));
      expect(outcomes(answers)).toEqual({ OK: clients.length });
      await expectIssuedTo({ api, database }, campaignId, users);
    });

    it('a campaign that there is not', async () => {
      await expectRefused(2 ** 31 - 1, 'not_found RECORD_NOT_FOUND');
    });

    it('one that begins later', async () => {
      const campaignId = await client.created({ startTime: inDays(1) });
      await expectRefused(campaignId, 'failed_precondition CAMPAIGN_NOT_STARTED');
    });

    it('one that is paused, or has ended, for that reason, a holder too', async () => {
      const campaignId = await client.created();
      const holder = newInt32UserId();
      expect(await told(client, campaignId, holder)).toMatchObject({ outcome: 'OK' });
      await expectRefused(campaignId, CLAIMED, holder);

      await api.patchCoupon(campaignId, { isActive: false });
      await eventually(() => expectRefused(campaignId, 'failed_precondition COUPON_INACTIVE', holder));
      await expectRefused(campaignId, 'failed_precondition COUPON_INACTIVE');
      await api.patchCoupon(campaignId, { isActive: true, expiresAt: inDays(-0.01) });
      await eventually(() => expectRefused(campaignId, 'failed_precondition COUPON_EXPIRED', holder));
      await expectRefused(campaignId, 'failed_precondition COUPON_EXPIRED');
      await expectIssuedTo({ api, database }, campaignId, [holder]);
    });
  });

  describe('a client of IssueCoupon that hangs up', () => {
    it.each(WAYS)('holds its slot all the same, as do 250 at once (%s)', async (way) => {
      const before = await Scrape.of(app);
      const campaignId = await client.created({ couponLimit: 300n });
      const vanished = newInt32UserIds(250);
      await inParallel(vanished, (userId) => sendAndVanish(app.port, issueBytes(way, campaignId, userId)));
      await eventually(async () => expect(allAnswered(await Scrape.of(app))).toBe(allAnswered(before) + 250));
      expect(answered(await Scrape.of(app), '5xx')).toBe(answered(before, '5xx'));

      // Those who come after them get all of the rest, and no more.
      const later = await inParallel(newInt32UserIds(100), (userId) => told(client, campaignId, userId));
      expect(outcomes(later)).toEqual({ OK: 50, [SOLD_OUT]: 50 });
      await expectIssuedTo({ api, database }, campaignId, [...vanished, ...acceptedUsers(later)]);
    });

    it('gets what it asked for, and its answer is counted as 499', async () => {
      const before = await Scrape.of(app);
      // One campaign for each way, so that none of the calls waits for another.
      const waiting = await inParallel(WAYS, async (way) => {
        const campaignId = await client.created({ strategy: 'lock' });
        const letGo = await holdRowLock(testDatabaseUrl(), 'coupons', campaignId);
        const userId = newInt32UserId();
        const connection = await RawConnection.open(app.port);
        connection.send(issueBytes(way, campaignId, userId));
        return { campaignId, letGo, userId, connection };
      });
      await eventually(async () => expect((await classOf(app, 'coupon_lock')).active).toBe(WAYS.length));
      for (const { connection } of waiting) connection.reset();
      // The process hears of what has ended before it hears of what is asked after that.
      await fetch(`${app.url}/health/live`);
      await inParallel(waiting, ({ letGo }) => letGo());

      await eventually(async () => {
        expect(answered(await Scrape.of(app), '499')).toBe(answered(before, '499') + WAYS.length);
      });
      const after = await Scrape.of(app);
      for (const other of ['2xx', '4xx', '5xx']) expect(answered(after, other)).toBe(answered(before, other));
      for (const { campaignId, userId } of waiting) await expectIssuedTo({ api, database }, campaignId, [userId]);
    });
  });

  describe('a process whose administration is closed', () => {
    const UNAUTHENTICATED = 'unauthenticated UNAUTHENTICATED';
    const WITHOUT: ReadonlyArray<[string, string | undefined, challenge: string]> = [
      ['without a token', undefined, 'Bearer'],
      ['with a wrong token', 'local-admin-not', 'Bearer error="invalid_token"'],
    ];

    it.each(WITHOUT)('creates no campaign %s', async (_name, token, challenge) => {
      for (const { outcome, message, metadata } of await inParallel(
        CampaignClient.inEveryWay(closed.url, token),
        (each) => each.create(),
      )) {
        expect({ outcome, message }).toEqual({ outcome: UNAUTHENTICATED, message: undefined });
        expect(metadata.get('www-authenticate')).toBe(challenge);
      }
      const answer = await new ApiClient(closed.url).call('/coupon.v1.CouponService/CreateCampaign', {
        method: 'POST',
        body: { name: 'Forbidden', couponLimit: 1, startTime: inDays(-1) },
        headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
      });
      expect(answer).toMatchObject({ status: 401, error: 'unauthenticated', body: { message: 'UNAUTHENTICATED' } });
      expect(answer.headers.get('www-authenticate')).toBe(challenge);
    });

    it('creates campaigns with the token, and shows their codes with it only', async () => {
      const admins = CampaignClient.inEveryWay(closed.url, ADMIN_TOKEN);
      const created = await inParallel(admins, (each) => each.create({ couponLimit: 2n }));
      expect(outcomes(created)).toEqual({ OK: admins.length });
      const campaignId = created[0]?.message?.campaignId ?? 0;
      // It asks nobody who calls IssueCoupon for a token, and one that is wrong does no harm.
      for (const [, token] of WITHOUT) {
        const anyone = new CampaignClient(closed.url, 'gRPC-Web', token);
        expect(await told(anyone, campaignId, newInt32UserId())).toMatchObject({ outcome: 'OK' });
      }
      await expectConsistent(api, campaignId);

      const codes = (await database.userCoupons(campaignId)).map(({ code }) => code);
      expect(codes).toHaveLength(2);
      for (const { message } of await inParallel(admins, (each) => each.get(campaignId))) {
        expect(Number(message?.currentCoupon)).toBe(2);
        expect(message?.issuedCoupons).toEqual(codes);
      }
      for (const [, token] of WITHOUT) {
        const others = CampaignClient.inEveryWay(closed.url, token);
        for (const { message } of await inParallel(others, (each) => each.get(campaignId))) {
          expect(Number(message?.currentCoupon)).toBe(2);
          expect(message?.issuedCoupons).toEqual([]);
        }
      }
    });
  });
});

describe('a process with servers of its own', () => {
  let site: Site;
  let clients: CampaignClient[];
  let client: CampaignClient;

  beforeAll(async () => {
    site = await Site.open();
  });

  beforeEach(async () => {
    await site.isServing();
    clients = CampaignClient.inEveryWay(site.app.url);
    client = clients[0] as CampaignClient;
  });

  /** Asks in bytes; the HTTP status of each way. */
  async function statusesOf(campaignId: number): Promise<Record<Way, number>> {
    const entries = await inParallel(WAYS, async (way) => {
      const connection = await RawConnection.open(site.app.port);
      const [answer] = await connection.send(issueBytes(way, campaignId, newInt32UserId())).nextAnswers(1);
      connection.close();
      return [way, answer?.status ?? 0] as const;
    });
    return Object.fromEntries(entries) as Record<Way, number>;
  }

  it('tells in every way that Redis is away and when to come back, and goes on once it is there', async () => {
    const campaignId = await client.created();
    await site.redisProxy.refuse();
    const before = await Scrape.of(site.app);
    const answers = await inParallel(newInt32UserIds(20), (userId, index) =>
      anyOf(clients, index).issue(campaignId, userId),
    );
    const statuses = await statusesOf(campaignId);
    const after = await Scrape.of(site.app);
    await site.redisProxy.accept();

    expectUnavailable(answers, 'unavailable RESERVATION_UNAVAILABLE');
    expect(statuses).toEqual({
      'Connect JSON': 503,
      'Connect binary': 503,
      'Connect with a time limit': 503,
      'gRPC-Web': 200,
    });
    // What gRPC-Web is answered with 200 is a failure, too.
    expect(answered(after, '5xx')).toBe(answered(before, '5xx') + 20 + WAYS.length);
    expect(answered(after, '2xx')).toBe(answered(before, '2xx'));

    const accepted = await inParallel(clients, async (each) => {
      return await eventually(async () => {
        const answer = await told(each, campaignId, newInt32UserId());
        expect(answer.outcome).toBe('OK');
        return answer;
      });
    });
    await expectIssuedTo(site, campaignId, acceptedUsers(accepted));
  });

  it('tells in every way that MySQL is away, while IssueCoupon goes on', async () => {
    const campaignId = await client.created();
    const registered = await client.created({ audience: 'registered' });
    await site.mysqlServer.kill();
    const shown = await inParallel(clients, (each) => each.get(campaignId));
    const created = await inParallel(clients, (each) => each.create());
    const unseen = await inParallel(clients, (each) => each.issue(registered, newInt32UserId()));
    const issued = await inParallel(clients, (each) => told(each, campaignId, newInt32UserId()));
    await site.mysqlServer.restart();

    for (const answers of [shown, created, unseen]) expectUnavailable(answers, 'unavailable DATABASE_UNAVAILABLE');
    expect(outcomes(issued)).toEqual({ OK: clients.length });
    await eventually(async () => expect((await client.get(campaignId)).outcome).toBe('OK'));
    await expectIssuedTo(site, campaignId, acceptedUsers(issued));
    expect(outcomes(await inParallel(clients, (each) => each.create()))).toEqual({ OK: clients.length });
  });

  it('loses nothing that was answered OK when SIGTERM ends it in the middle of a drop', async () => {
    const campaignId = await client.created({ couponLimit: 1_000_000n });
    const answers: Array<Told & { readonly way: Way }> = [];
    /** Asks for one new user after the other until it is no longer answered OK. */
    const asksOn = async (each: CampaignClient): Promise<void> => {
      let answer: Told;
      do {
        answer = await told(each, campaignId, newInt32UserId());
        answers.push({ ...answer, way: each.way });
      } while (answer.outcome === 'OK');
    };
    const drop = inParallel(Array.from({ length: 16 }, () => clients).flat(), asksOn);
    await eventually(
      () => {
        for (const way of WAYS) expect(answers.filter((answer) => answer.way === way).length).toBeGreaterThan(200);
      },
      { intervalMs: 5 },
    );
    // The process gives itself up with code 1 when it has not come to an end after 5 s.
    expect(await site.app.kill('SIGTERM')).toEqual({ code: 0, signal: null });
    await drop;

    const accepted = acceptedUsers(answers);
    expect(accepted.length).toBeGreaterThan(WAYS.length * 200 - clients.length * 16);
    const refusals = answers.filter(({ outcome }) => outcome !== 'OK' && outcome !== NO_ANSWER);
    expect(refusals).toEqual([]);

    await site.start();
    await expectConsistent(site.api, campaignId);
    const holders = new Set((await site.database.userCoupons(campaignId)).map(({ userId }) => userId));
    expect(accepted.filter((userId) => !holders.has(userId))).toEqual([]);
  });
});
