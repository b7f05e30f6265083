import { EventEmitter2 } from '@nestjs/event-emitter';

/** Under which the decorator of @nestjs/event-emitter notes at a method what it listens to. */
const LISTENER_METADATA = 'EVENT_LISTENER_METADATA';

type Hook =
  'onModuleInit' | 'onApplicationBootstrap' | 'onModuleDestroy' | 'beforeApplicationShutdown' | 'onApplicationShutdown';

/** Calls a hook of Nest's life cycle wherever there is one, and waits for all. */
export async function callHook(providers: readonly object[], hook: Hook): Promise<void> {
  const hooks = providers.map((provider) => (provider as Partial<Record<Hook, () => unknown>>)[hook]);
  await Promise.all(providers.map(async (provider, index) => await hooks[index]?.call(provider)));
}

/** Subscribes the methods that are marked as listeners. */
export function subscribeListeners(providers: readonly object[], emitter: EventEmitter2): void {
  for (const provider of providers) {
    const prototype = Object.getPrototypeOf(provider) as Record<string, unknown>;
    for (const name of Object.getOwnPropertyNames(prototype)) {
      const method = Object.getOwnPropertyDescriptor(prototype, name)?.value as unknown;
      if (typeof method !== 'function') continue;
      const listened = (Reflect.getMetadata(LISTENER_METADATA, method) ?? []) as { event: string }[];
      for (const { event } of listened) emitter.on(event, (...args: unknown[]) => method.apply(provider, args));
    }
  }
}
