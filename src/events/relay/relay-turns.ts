import { Injectable } from '@nestjs/common';
import { SharedPlaces } from '../../platform/concurrency/shared-places.js';

/** Of the connections that all callers share. */
const MAX_AT_ONCE = 3;

/** Lets few deliveries at a time ask the database, however many sinks there are: callers need its connections more. */
@Injectable()
export class RelayTurns {
  private readonly places = new SharedPlaces<() => void>(MAX_AT_ONCE, (enter) => enter());
  private readonly group = this.places.addGroup({ max: MAX_AT_ONCE, reserved: 0 });

  /** Runs `work` when it is its turn; first come, first served. */
  async run<T>(work: () => Promise<T>): Promise<T> {
    await new Promise<void>((enter) => this.places.enter(this.group, enter));
    try {
      return await work();
    } finally {
      this.places.leave(this.group);
    }
  }
}
