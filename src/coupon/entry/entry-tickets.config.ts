import { z } from 'zod';
import type { Config } from '../../platform/config/config.schema.js';
import { type DeepReadonly, rule, urlOf } from '../../platform/config/settings.js';

const MIN_SECRET_LENGTH = 32;
const SECRET_ERROR = `must have at least ${MIN_SECRET_LENGTH} characters`;

const secret = z.string({ error: SECRET_ERROR }).min(MIN_SECRET_LENGTH, { error: SECRET_ERROR }).optional();

/** The settings under `entryTickets`. */
export const entryTicketSettings = z.strictObject({
  /** Signs tickets; without one no coupon can be entered by ticket. */
  secret,
  /** Whose tickets are accepted, too: the one before, or the one to come. */
  previousSecret: secret,
  turnstile: z.strictObject({
    secretKey: z.string().min(1).optional(),
    verifyUrl: urlOf(/^https?:$/, 'must be a URL such as https://challenges.cloudflare.com/turnstile/v0/siteverify'),
  }),
});

export type EntryTicketConfig = Config & { readonly entryTickets: DeepReadonly<z.output<typeof entryTicketSettings>> };

export const previousSecretNeedsSecret = rule<EntryTicketConfig>(
  ['entryTickets', 'previousSecret'],
  'must not be set without entryTickets.secret, which signs',
  ({ entryTickets }) => entryTickets?.previousSecret === undefined || entryTickets.secret !== undefined,
);

export const turnstileIsEncrypted = rule<EntryTicketConfig>(
  ['entryTickets', 'turnstile', 'verifyUrl'],
  'must begin with https:// in production: the secret key is sent there',
  ({ profile, entryTickets }) =>
    profile !== 'production' || !(entryTickets?.turnstile?.verifyUrl ?? '').startsWith('http:'),
);
