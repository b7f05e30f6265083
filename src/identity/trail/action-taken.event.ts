import type { Action, Outcome } from './action.js';

declare module '../../platform/events/domain-event.js' {
  interface EventMap {
    'identity.action-taken': ActionTakenEvent;
  }
}

/** What an operator changed has committed. */
export class ActionTakenEvent {
  readonly type = 'identity.action-taken';

  constructor(
    readonly action: Action,
    readonly outcome: Outcome,
  ) {}
}
