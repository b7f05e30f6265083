import { describe, expect, test } from '@jest/globals';
import { fileURLToPath } from 'node:url';
import { runCommand } from '../support/run-command.js';

const COMMAND = fileURLToPath(new URL('../../scripts/simulate.mjs', import.meta.url));
/** A few histories. */
const STEPS = '15000';

/** `npm run simulate` with these options. */
async function simulate(...options: string[]) {
  return await runCommand(COMMAND, options, {});
}

/** What the last line says that was printed. */
function verdict(out: string): string | undefined {
  return out.trim().split('\n').at(-1);
}

describe('npm run simulate', () => {
  test('gives the same histories for the same seed, in two processes and in one', async () => {
    const one = await simulate('--seed', '11', '--steps', STEPS, '--twice');
    const other = await simulate('--seed', '11', '--steps', STEPS);
    expect(one).toMatchObject({ code: 0, err: '' });
    expect(verdict(one.out)).toMatch(/^seeds 11 to \d+: histories [0-9a-f]{8}, no violation$/);
    expect(verdict(other.out)).toBe(verdict(one.out));
  });

  test('gives another history for another seed', async () => {
    const [one, other] = [await simulate('--seed', '11'), await simulate('--seed', '12')];
    const hashes = [one, other].map(({ out }) => /history ([0-9a-f]{8})/.exec(out)?.[1]);
    expect(new Set(hashes).size).toBe(2);
  });

  test.each([
    ['real-timer', 'Timeout'],
    ['real-socket', 'TCPServerWrap'],
  ])('fails with a %s under way', async (mutation, kind) => {
    const { code, err } = await simulate('--seed', '11', '--mutation', mutation);
    expect(code).toBe(1);
    expect(err).toContain(`something real is under way in a simulated world: ${kind}`);
  });

  test('tells a shorter history in which the same promise is broken, and how to see it again', async () => {
    const found = await simulate('--steps', '1000000', '--mutation', 'no-pending-entry');
    expect(found.code).toBe(1);
    const violation = /^violation: (P3: .*)$/m.exec(found.out)?.[1];
    const [, options = ''] = /^again: npm run simulate -- (.*)$/m.exec(found.out) ?? [];
    const again = await simulate(...options.split(' '));
    expect(again.code).toBe(1);
    expect(violation).toBeDefined();
    expect(verdict(again.out)).toContain(violation);
  });

  test.each([
    [['--seed', 'first'], '--seed must be a whole number, not "first"'],
    [['--steps', '-1'], '--steps'],
    [['--mutation', 'no-such-fault'], '--mutation must be one of: '],
    [['--sed', '1'], "Unknown option '--sed'"],
  ])('refuses %j, and says what is allowed', async (options, message) => {
    const { code, out } = await simulate(...options);
    expect(code).toBe(2);
    expect(out).toContain(message);
    expect(out).toContain('Usage: npm run simulate');
  });
});
