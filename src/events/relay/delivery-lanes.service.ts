import { Injectable, Logger } from '@nestjs/common';
import { Courier } from './courier.service.js';
import { DeliveryLane, type LaneServices } from './delivery-lane.js';
import { DeliveryRepository } from './delivery.repository.js';
import type { Term } from './relay-lease.service.js';
import { RelayTrouble } from './relay-trouble.js';
import { RelayTurns } from './relay-turns.js';
import { SinkDirectory } from './sink-directory.js';

/** A lane for each sink, so that one that is down delays nobody else. */
@Injectable()
export class DeliveryLanes {
  private readonly lanes = new Map<string, DeliveryLane>();
  private readonly services: LaneServices;

  constructor(
    private readonly sinks: SinkDirectory,
    courier: Courier,
    deliveries: DeliveryRepository,
    turns: RelayTurns,
    trouble: RelayTrouble,
  ) {
    this.services = { courier, deliveries, turns, trouble, logger: new Logger('Relay') };
  }

  /** Has what is due sent to those of the sinks that are active. @throws what the database throws */
  async wake(term: Term, due: ReadonlySet<string>): Promise<void> {
    const sinks = (await this.sinks.all()).filter(({ isActive }) => isActive);
    const active = new Set(sinks.map(({ key }) => key));
    for (const [key, lane] of this.lanes) {
      if (active.has(key)) continue;
      lane.rest();
      if (lane.isIdle) this.lanes.delete(key);
    }
    for (const sink of sinks) {
      if (due.has(sink.key)) this.laneOf(sink.key).wake(sink, term);
    }
  }

  /** Begins nothing more until it is woken. */
  rest(): void {
    for (const lane of this.lanes.values()) lane.rest();
  }

  /** Resolves when nothing is under way. */
  async areQuiet(): Promise<void> {
    await Promise.all([...this.lanes.values()].map((lane) => lane.isQuiet()));
  }

  private laneOf(key: string): DeliveryLane {
    const lane = this.lanes.get(key) ?? new DeliveryLane(this.services);
    this.lanes.set(key, lane);
    return lane;
  }
}
