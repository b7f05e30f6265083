import { Injectable, Logger } from '@nestjs/common';
import { EventEmitter2 } from '@nestjs/event-emitter';
import { stackOf } from '../errors/error-text.js';
import type { DomainEvent } from './domain-event.js';

/** The one way in which an event reaches its listeners, which are marked with {@link On}. */
@Injectable()
export class EventPublisher {
  private readonly logger = new Logger('Events');

  constructor(private readonly emitter: EventEmitter2) {}

  /** Tells every listener, before it returns. One that throws harms neither the caller nor the other listeners. */
  publish(event: DomainEvent): void {
    try {
      this.emitter.emit(event.type, event);
    } catch (error) {
      this.logger.error(`a listener of ${event.type} failed`, stackOf(error));
    }
  }
}
