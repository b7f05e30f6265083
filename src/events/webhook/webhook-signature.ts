import { randomBytes } from 'node:crypto';
import { Webhook as Signer } from 'standardwebhooks';
import type { Webhook } from './webhook.entity.js';

const SECRET_BYTES = 32;
/** How long a secret that was replaced still signs, so that the receiver may change it at any moment in between. */
const OVERLAP_MS = 24 * 60 * 60 * 1000;

type Secrets = Pick<Webhook, 'secret' | 'previousSecret' | 'previousUntil'>;

export function newSecret(): string {
  return `whsec_${randomBytes(SECRET_BYTES).toString('base64')}`;
}

/** A new secret, beside the one that it replaces. */
export function rotated({ secret }: Secrets, now: Date): Secrets {
  return { secret: newSecret(), previousSecret: secret, previousUntil: new Date(now.getTime() + OVERLAP_MS) };
}

/** The headers of Standard Webhooks: https://www.standardwebhooks.com. */
export function signatureHeaders(secrets: Secrets, id: string, now: Date, body: string): Record<string, string> {
  return {
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(now.getTime() / 1000)),
    'webhook-signature': validSecrets(secrets, now)
      .map((secret) => new Signer(secret).sign(id, now, body))
      .join(' '),
  };
}

function validSecrets({ secret, previousSecret, previousUntil }: Secrets, now: Date): string[] {
  const isPreviousValid = previousSecret !== null && previousUntil !== null && previousUntil > now;
  return isPreviousValid ? [secret, previousSecret] : [secret];
}
