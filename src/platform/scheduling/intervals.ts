import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import { SchedulerRegistry } from '@nestjs/schedule';

/** Work that repeats at an interval of the configuration, which @nestjs/schedule's decorators can't know. */
@Injectable()
export class Intervals implements OnModuleDestroy {
  private readonly names: string[] = [];

  constructor(private readonly scheduler: SchedulerRegistry) {}

  onModuleDestroy(): void {
    for (const name of this.names.splice(0)) this.scheduler.deleteInterval(name);
  }

  /**
   * Calls `run`, which must not throw, every `intervalMs` until the application ends, and now if `atOnce`. A call that
   * would begin before the last one has ended is left out.
   */
  every(name: string, intervalMs: number, run: () => Promise<unknown>, { atOnce = false } = {}): void {
    let isRunning = false;
    const runAlone = async (): Promise<void> => {
      if (isRunning) return;
      isRunning = true;
      await run().finally(() => (isRunning = false));
    };
    this.scheduler.addInterval(
      name,
      setInterval(() => void runAlone(), intervalMs),
    );
    this.names.push(name);
    if (atOnce) void runAlone();
  }
}
