import { Injectable } from '@nestjs/common';
import { DispatchRepository } from './dispatch.repository.js';
import { RelayLease, type Term } from './relay-lease.service.js';
import { SinkDirectory } from './sink-directory.js';

/** Far below what a statement may have of parameters, also with a hundred sinks. */
const EVENTS_AT_ONCE = 100;

/** Gives each sink what it wants of the events that have been written. */
@Injectable()
export class Dispatcher {
  /** At the last look there was somebody to tell. */
  hasSinks = false;

  constructor(
    private readonly repository: DispatchRepository,
    private readonly sinks: SinkDirectory,
    private readonly lease: RelayLease,
  ) {}

  /**
   * Dispatches what there is; the keys of the sinks that got something.
   *
   * @throws LeaseLostError, and what the database throws
   */
  async dispatchAll(term: Term): Promise<Set<string>> {
    const served = new Set<string>();
    for (;;) {
      const events = await this.repository.findUndispatched(EVENTS_AT_ONCE);
      if (events.length === 0) return served;
      // Read after the events: a sink that was there when one of them was written is there now.
      const sinks = await this.sinks.all();
      this.hasSinks = sinks.length > 0;
      const deliveries = events.flatMap((event) =>
        sinks.filter((sink) => sink.wants(event)).map(({ key }) => ({ sink: key, event })),
      );
      await this.lease.run(term, (manager) => this.repository.dispatch(manager, events, deliveries));
      for (const { sink } of deliveries) served.add(sink);
      if (events.length < EVENTS_AT_ONCE) return served;
    }
  }
}
