import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import { SchedulerRegistry } from '@nestjs/schedule';

/** By which share a wait is longer or shorter than the interval, at most. */
const JITTER = 0.1;

/** Work that repeats at an interval of the configuration, which @nestjs/schedule's decorators can't know. */
@Injectable()
export class Intervals implements OnModuleDestroy {
  private readonly names: string[] = [];

  constructor(private readonly scheduler: SchedulerRegistry) {}

  onModuleDestroy(): void {
    for (const name of this.names.splice(0)) this.scheduler.deleteTimeout(name);
  }

  /**
   * Calls `run`, which must not throw, every `intervalMs` until the application ends, and now if `atOnce`. Each wait is up
   * to 10 % shorter or longer, so that of instances that started together not always the same one is first. A call that
   * would begin before the last one has ended is left out.
   */
  every(name: string, intervalMs: number, run: () => Promise<unknown>, { atOnce = false } = {}): void {
    let isRunning = false;
    const runAlone = async (): Promise<void> => {
      if (isRunning) return;
      isRunning = true;
      await run().finally(() => (isRunning = false));
    };
    const wait = (): void => this.scheduler.addTimeout(name, setTimeout(goOn, jittered(intervalMs)));
    const goOn = (): void => {
      this.scheduler.deleteTimeout(name);
      wait();
      void runAlone();
    };
    wait();
    this.names.push(name);
    if (atOnce) void runAlone();
  }
}

function jittered(intervalMs: number): number {
  return intervalMs * (1 - JITTER + 2 * JITTER * Math.random());
}
