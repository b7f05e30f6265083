import { beforeEach, describe, expect, it } from '@jest/globals';
import { type Answer, ApiClient, tally } from '../support/api-client.js';
import { type AppProcess, startApp } from '../support/app-process.js';
import { inParallel } from '../support/in-parallel.js';
import { KeyServer, type Manner } from '../support/key-server.js';
import { eventually } from '../support/poll.js';
import { identityByKeySet, TokenIssuer } from '../support/tokens.js';
import { newUserId } from '../support/unique-ids.js';

const first = TokenIssuer.byKey('RS256', 'first');
const second = TokenIssuer.byKey('ES256', 'second');
const nobody = TokenIssuer.byKey('EdDSA', 'nobody');

const OUTAGES: readonly Manner[] = ['never', 'with an error', 'with nonsense'];

let keys: KeyServer;
let app: AppProcess;
let api: ApiClient;

beforeEach(async () => {
  keys = await KeyServer.open(first);
  app = await startApp({ env: identityByKeySet(keys.url), waitFor: '/health/ready' });
  api = new ApiClient(app.url);
});

/** Something that only a user's token may ask; each time another token. */
async function ask(issuer: TokenIssuer): Promise<Answer<unknown>> {
  const userId = newUserId();
  const headers = { authorization: `Bearer ${await issuer.ofUser(userId)}` };
  return await api.call(`/api/users/${userId}/coupons`, { headers });
}

async function outcomes(issuer: TokenIssuer, count = 1): Promise<Record<string, number>> {
  return tally(await inParallel(Array.from({ length: count }), () => ask(issuer)));
}

interface Ready {
  readonly status: string;
  readonly details: { readonly identity: { readonly status: string; readonly reason?: string } };
}

async function readiness(): Promise<Ready> {
  const { status, body } = await api.call<Ready>('/health/ready');
  expect(status).toBe(200);
  return body;
}

describe('a key server', () => {
  it('is asked for a key that is new, by all who wait for it together, and for one that nobody has once', async () => {
    expect(await outcomes(first, 20)).toEqual({ '200': 20 });
    const before = keys.asked;
    keys.issuers = [first, second];
    expect(await outcomes(second, 20)).toEqual({ '200': 20 });
    expect(keys.asked - before).toBe(1);

    // Another look within the cool-down would let anybody have it asked for each request.
    expect(await outcomes(nobody, 20)).toEqual({ '401 UNAUTHENTICATED': 20 });
    expect(keys.asked - before).toBe(1);
    expect(await outcomes(first, 20)).toEqual({ '200': 20 });
  });

  it.each(OUTAGES)(
    'that answers %s keeps nobody out whose key is known, and is told 503 for the others until it is back',
    async (manner) => {
      expect(await outcomes(first)).toEqual({ '200': 1 });
      keys.manner = manner;
      keys.issuers = [first, second];
      const refused = await ask(second);
      expect(tally([refused])).toEqual({ '503 IDENTITY_UNAVAILABLE': 1 });
      expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);

      // Within the cool-down nobody waits for it.
      const asked = keys.asked;
      expect(await outcomes(second, 20)).toEqual({ '503 IDENTITY_UNAVAILABLE': 20 });
      expect(keys.asked - asked).toBeLessThanOrEqual(1);
      expect(await outcomes(first, 20)).toEqual({ '200': 20 });
      const reason = manner === 'never' ? 'TIMEOUT' : 'UNREACHABLE';
      expect(await readiness()).toMatchObject({
        status: 'degraded',
        details: { identity: { status: 'down', reason } },
      });
      expect(await app.metric('firstcome_dependency_up{dependency="identity"}')).toBe(0);

      keys.manner = 'well';
      await eventually(async () => expect(await outcomes(second)).toEqual({ '200': 1 }));
      expect(await readiness()).toMatchObject({ status: 'ok', details: { identity: { status: 'up' } } });
      expect(app.logs.match(/\[Identity\].* unavailable:/g)).toHaveLength(1);
    },
  );

  it('that is not there when the process starts holds nobody up but those with tokens', async () => {
    await keys.close();
    const alone = await startApp({ env: identityByKeySet(keys.url) });
    api = new ApiClient(alone.url);
    expect(await outcomes(first, 5)).toEqual({ '503 IDENTITY_UNAVAILABLE': 5 });
    expect(await readiness()).toMatchObject({ status: 'degraded', details: { identity: { status: 'down' } } });
    expect(tally([await api.call('/api/coupons'), await api.call('/api/webhooks', { isAdmin: true })])).toEqual({
      '200': 2,
    });

    await keys.listen();
    await eventually(async () => expect(await outcomes(first)).toEqual({ '200': 1 }));
    expect(await readiness()).toMatchObject({ status: 'ok' });
  });

  it('that has a key no longer is believed: its tokens are refused by those who see them first', async () => {
    expect(await outcomes(first)).toEqual({ '200': 1 });
    keys.issuers = [second];
    // The look for the new key tells that the old one is gone.
    expect(await outcomes(second)).toEqual({ '200': 1 });
    expect(await outcomes(first)).toEqual({ '401 UNAUTHENTICATED': 1 });
  });
});
