import { OnEvent } from '@nestjs/event-emitter';
import type { EventMap, EventName } from './domain-event.js';

/** Calls the method with each event of this name; it does not compile unless the method takes that event. */
export function On<Name extends EventName>(name: Name) {
  return <Handle extends (event: EventMap[Name]) => unknown>(
    listener: object,
    method: string | symbol,
    descriptor: TypedPropertyDescriptor<Handle>,
  ): void => {
    OnEvent(name)(listener, method, descriptor);
  };
}
