import { ADMISSION_MUTATIONS } from './admission.js';
import { CLUSTER_MUTATIONS } from './cluster.js';
import { DEFINITION_MUTATIONS } from './definition.js';
import { GALERA_MUTATIONS } from './galera.js';
import { IDENTITY_MUTATIONS } from './identity.js';
import { ISSUANCE_MUTATIONS } from './issuance.js';
import { KAFKA_MUTATIONS } from './kafka.js';
import { LOCK_MUTATIONS } from './lock.js';
import type { Mutation } from './mutation.js';
import { OUTBOX_MUTATIONS } from './outbox.js';
import { RANKING_MUTATIONS } from './ranking.js';
import { REBUILD_MUTATIONS } from './rebuild.js';
import { RELAY_MUTATIONS } from './relay.js';
import { REPLICA_MUTATIONS } from './replicas.js';
import { REVOCATION_MUTATIONS } from './revocation.js';
import { SELF_TESTS } from './self-tests.js';
import { SETTLEMENT_MUTATIONS } from './settlement.js';
import { SWEEP_MUTATIONS } from './sweep.js';
import { WAITING_MUTATIONS } from './waiting.js';

/** Every fault that the simulation must find. */
export const MUTATIONS: readonly Mutation[] = [
  ...ADMISSION_MUTATIONS,
  ...IDENTITY_MUTATIONS,
  ...ISSUANCE_MUTATIONS,
  ...SETTLEMENT_MUTATIONS,
  ...WAITING_MUTATIONS,
  ...SWEEP_MUTATIONS,
  ...REBUILD_MUTATIONS,
  ...DEFINITION_MUTATIONS,
  ...REVOCATION_MUTATIONS,
  ...LOCK_MUTATIONS,
  ...OUTBOX_MUTATIONS,
  ...RELAY_MUTATIONS,
  ...KAFKA_MUTATIONS,
  ...RANKING_MUTATIONS,
  ...CLUSTER_MUTATIONS,
  ...REPLICA_MUTATIONS,
  ...GALERA_MUTATIONS,
];

/** Whatever can be planted by name. */
export const PLANTED: readonly Mutation[] = [...MUTATIONS, ...SELF_TESTS];
