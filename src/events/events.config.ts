import { z } from 'zod';
import type { Config } from '../platform/config/config.schema.js';
import { type DeepReadonly, onOff, rule, wholeNumber } from '../platform/config/settings.js';

/** The settings under `outbox`. */
export const outboxSettings = z.strictObject({
  pollIntervalMs: wholeNumber(10, 60_000),
  leaseMs: wholeNumber(500, 600_000),
  retentionDays: wholeNumber(1, 3_650),
});

/** The settings under `events`: where else than to webhooks they go. */
export const eventsSettings = z.strictObject({
  kafka: z.strictObject({
    enabled: onOff,
    topic: z.string().regex(/^[\w.-]{1,249}$/, { error: 'must be the name of a topic: letters, digits, . _ and -' }),
  }),
});

/** The settings under `webhooks`. */
export const webhookSettings = z.strictObject({
  timeoutMs: wholeNumber(100, 60_000),
  /** Private and loopback ones; link-local and metadata addresses are never allowed. */
  allowPrivateAddresses: onOff,
});

export type EventsConfig = Config & {
  readonly outbox: DeepReadonly<z.output<typeof outboxSettings>>;
  readonly events: DeepReadonly<z.output<typeof eventsSettings>>;
  readonly webhooks: DeepReadonly<z.output<typeof webhookSettings>>;
};

export const eventsKafkaHasBrokers = rule<EventsConfig>(
  ['kafka', 'brokers'],
  'must be given (KAFKA_BROKERS) where events.kafka.enabled is true',
  ({ events, kafka }) => events?.kafka?.enabled !== true || kafka?.brokers !== undefined,
);
