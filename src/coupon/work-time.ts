import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import { Clock } from '../platform/clock.js';

/** After so long a call that works through many rows says what is left. */
const MAX_MS = 20_000;

/** For how long a call goes on. */
export interface WorkTime {
  /** True after 20 s, and when the process ends: what is left is for another call. */
  readonly isOver: boolean;
}

/** Gives calls that work through many rows or users their time. */
@Injectable()
export class WorkTimes implements OnModuleDestroy {
  private isStopped = false;

  constructor(private readonly clock: Clock) {}

  onModuleDestroy(): void {
    this.isStopped = true;
  }

  begin(): WorkTime {
    const until = this.clock.now().getTime() + MAX_MS;
    const isOver = (): boolean => this.isStopped || this.clock.now().getTime() >= until;
    return {
      get isOver() {
        return isOver();
      },
    };
  }
}

/** The items in their order, `size` at a time. */
export function inChunks<T>(items: readonly T[], size: number): T[][] {
  const chunks: T[][] = [];
  for (let first = 0; first < items.length; first += size) chunks.push(items.slice(first, first + size));
  return chunks;
}
