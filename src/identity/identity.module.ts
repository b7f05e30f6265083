import { Global, Module } from '@nestjs/common';
import { AccessControl } from './access/access-control.service.js';
import { LinkTickets } from './access/link-tickets.service.js';
import { TracedCalls } from './access/traced-calls.js';
import { RateLimits } from './limits/rate-limits.service.js';
import { OperatorKeys } from './key/operator-keys.service.js';
import { WrongKeys } from './key/wrong-keys.js';
import { KeySetService } from './token/key-set.service.js';
import { TokenVerifier } from './token/token-verifier.service.js';
import { ActionRepository } from './trail/action.repository.js';
import { ActionTrail } from './trail/action-trail.service.js';

/** Who asks, what they may do, and the trace of what operators did. Knows no domain word. */
@Global()
@Module({
  providers: [
    OperatorKeys,
    WrongKeys,
    KeySetService,
    TokenVerifier,
    LinkTickets,
    AccessControl,
    TracedCalls,
    RateLimits,
    ActionTrail,
    ActionRepository,
  ],
  exports: [ActionTrail, KeySetService, LinkTickets],
})
export class IdentityModule {}
