import type { Redis } from 'ioredis';
import { isAnswerOfRedis } from './redis-errors.js';

const WANTED = { appendonly: 'yes', 'maxmemory-policy': 'noeviction' } as const;

/** One sentence for each setting of the server with which it may lose what it was told; none when it is gone. */
export async function unsafeSettings(client: Redis): Promise<string[]> {
  const warnings: string[] = [];
  for (const [setting, safe] of Object.entries(WANTED)) {
    let answer: unknown;
    try {
      answer = await client.config('GET', setting);
    } catch (error) {
      if (!isAnswerOfRedis(error)) return [];
    }
    const value = Array.isArray(answer)
      ? String(answer[1])
      : Object.values((answer ?? {}) as Record<string, string>)[0];
    if (value === safe) continue;
    warnings.push(`runs with ${setting}=${value ?? 'unknown'}; what it was told is only safe with ${setting}=${safe}`);
  }
  return warnings;
}
