import { describe, expect, it } from '@jest/globals';
import { createHmac } from 'node:crypto';
import { newSecret, rotated, signatureHeaders } from './webhook-signature.js';

const DAY_MS = 86_400_000;
const NOW = new Date('2026-11-20T09:00:00.999Z');
const BODY = '{"text":"한글"}';
const UNROTATED = { previousSecret: null, previousUntil: null };

/** As https://github.com/standard-webhooks/standard-webhooks says, by hand. */
function signatureBy(secret: string, id: string, timestamp: string): string {
  const key = Buffer.from(secret.slice('whsec_'.length), 'base64');
  return `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${BODY}`).digest('base64')}`;
}

describe('a secret', () => {
  it('is 32 random bytes', () => {
    expect(newSecret()).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    expect(newSecret()).not.toBe(newSecret());
  });

  it('signs the id, the time and the body', () => {
    const secret = newSecret();
    expect(signatureHeaders({ secret, ...UNROTATED }, 'coupons/42/17', NOW, BODY)).toEqual({
      'webhook-id': 'coupons/42/17',
      'webhook-timestamp': '1795165200',
      'webhook-signature': signatureBy(secret, 'coupons/42/17', '1795165200'),
    });
  });

  it('that was replaced signs too, for a day', () => {
    const secret = newSecret();
    const secrets = rotated({ secret, ...UNROTATED }, NOW);
    expect(secrets.secret).not.toBe(secret);
    const signaturesAfter = (ms: number): string[] => {
      const now = new Date(NOW.getTime() + ms);
      const headers = signatureHeaders(secrets, 'id', now, BODY);
      const timestamp = headers['webhook-timestamp'] ?? '';
      const signatures = headers['webhook-signature']?.split(' ') ?? [];
      return signatures.map((signature) =>
        [secrets.secret, secret].map((each) => signatureBy(each, 'id', timestamp)).indexOf(signature) === 0
          ? 'new'
          : 'old',
      );
    };
    expect(signaturesAfter(0)).toEqual(['new', 'old']);
    expect(signaturesAfter(DAY_MS - 1)).toEqual(['new', 'old']);
    expect(signaturesAfter(DAY_MS)).toEqual(['new']);
  });
});
