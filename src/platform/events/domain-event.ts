/** Every event by its name. The file of an event adds it: `declare module … { interface EventMap { 'name': … } }`. */
// oxlint-disable-next-line typescript/no-empty-object-type, typescript/no-empty-interface -- the modules fill it
export interface EventMap {}

export type EventName = keyof EventMap;

/** Something that has happened, and that can no longer be undone by whoever publishes it. */
export type DomainEvent = EventMap[EventName];
