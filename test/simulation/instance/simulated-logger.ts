import { Logger, type LoggerService } from '@nestjs/common';
import type { World } from '../world/world.js';

/** Log lines are part of the story. What is logged as an error is kept, too: a fault of ours would show there. */
export function logInto(world: World, onError: (message: string) => void): void {
  const tell = (level: string, words: readonly unknown[]): void => {
    const { party } = world;
    if (party?.isDead) return;
    world.tell(`${party?.name ?? 'world'} logs${level}: ${String(words[0])}`);
  };
  const logger: LoggerService = {
    log: (...words: unknown[]) => tell('', words),
    warn: (...words: unknown[]) => tell(' a warning', words),
    error: (...words: unknown[]) => {
      tell(' an error', words);
      if (!world.party?.isDead) onError(words.map(String).join(' '));
    },
  };
  Logger.overrideLogger(logger);
}
