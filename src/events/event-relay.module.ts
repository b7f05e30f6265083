import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { KafkaEvents } from './kafka/kafka-events.js';
import { KafkaSink } from './kafka/kafka-sink.js';
import { OutboxRepository } from './outbox.repository.js';
import { Outbox } from './outbox.js';
import { BacklogRepository } from './relay/backlog.repository.js';
import { Courier } from './relay/courier.service.js';
import { DeliveryLanes } from './relay/delivery-lanes.service.js';
import { DeliveryRepository } from './relay/delivery.repository.js';
import { DispatchRepository } from './relay/dispatch.repository.js';
import { Dispatcher } from './relay/dispatcher.service.js';
import { ForgetToldEventsJob } from './relay/forget-told-events.job.js';
import { RelayLeaseRepository } from './relay/relay-lease.repository.js';
import { RelayLease } from './relay/relay-lease.service.js';
import { RelayMetrics } from './relay/relay-metrics.js';
import { RelayTrouble } from './relay/relay-trouble.js';
import { RelayTurns } from './relay/relay-turns.js';
import { Relay } from './relay/relay.service.js';
import { RetentionRepository } from './relay/retention.repository.js';
import { SinkDirectory } from './relay/sink-directory.js';
import { WatchBacklogJob } from './relay/watch-backlog.job.js';
import { WebhookDeliveryController } from './webhook/webhook-delivery.controller.js';
import { Delivery } from './webhook/webhook-delivery.entity.js';
import { WebhookDeliveryRepository } from './webhook/webhook-delivery.repository.js';
import { WebhookDeliveryService } from './webhook/webhook-delivery.service.js';
import { WebhookRequest } from './webhook/webhook-request.js';
import { WebhookSinks } from './webhook/webhook-sinks.js';
import { HostAddresses, WebhookTargets } from './webhook/webhook-targets.js';
import { WebhookController } from './webhook/webhook.controller.js';
import { Webhook } from './webhook/webhook.entity.js';
import { WebhookRepository } from './webhook/webhook.repository.js';
import { WebhookService } from './webhook/webhook.service.js';

/** What the modules that decide write to. */
const OUTBOX = [Outbox, OutboxRepository];

/** What tells the sinks. */
const RELAY = [
  Relay,
  RelayLease,
  RelayLeaseRepository,
  RelayMetrics,
  RelayTrouble,
  RelayTurns,
  Dispatcher,
  DispatchRepository,
  SinkDirectory,
  DeliveryLanes,
  DeliveryRepository,
  Courier,
];

const HOUSEKEEPING = [ForgetToldEventsJob, RetentionRepository, WatchBacklogJob, BacklogRepository];

const KAFKA = [KafkaSink, KafkaEvents];

const WEBHOOKS = [
  WebhookService,
  WebhookRepository,
  WebhookDeliveryService,
  WebhookDeliveryRepository,
  WebhookSinks,
  WebhookRequest,
  WebhookTargets,
  HostAddresses,
];

/** What P12 is made of: from the outbox to the sinks. */
export const RELAY_PROVIDERS = [...OUTBOX, ...RELAY];

/** Everything that the module is made of, besides its controllers. */
const EVENT_RELAY_PROVIDERS = [...RELAY_PROVIDERS, ...HOUSEKEEPING, ...WEBHOOKS, ...KAFKA];

/** Tells other systems what the ledger decided: an outbox beside the decisions, and what hands it on. */
@Module({
  imports: [TypeOrmModule.forFeature([Webhook, Delivery])],
  controllers: [WebhookController, WebhookDeliveryController],
  providers: EVENT_RELAY_PROVIDERS,
  exports: [Outbox, RelayLease],
})
export class EventRelayModule {}
