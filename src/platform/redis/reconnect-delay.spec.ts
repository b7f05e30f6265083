import { describe, expect, it } from '@jest/globals';
import { ReconnectDelay } from './reconnect-delay.js';

function reply(message: string): Error {
  return Object.assign(new Error(message), { name: 'ReplyError' });
}

describe('the wait before another attempt to connect', () => {
  it('grows until a server is there', () => {
    const delay = new ReconnectDelay(120);
    expect([delay.next(), delay.next(), delay.next(), delay.next()]).toEqual([50, 100, 120, 120]);
    delay.succeeded();
    expect(delay.next()).toBe(50);
  });

  it('is long where we are not let in, and only there', () => {
    const delay = new ReconnectDelay(500);
    delay.failed(reply('WRONGPASS invalid username-password pair or user is disabled.'));
    expect([delay.next(), delay.next()]).toEqual([5000, 5000]);
    delay.failed(reply("READONLY You can't write against a read only replica."));
    expect(delay.next()).toBe(150);
  });
});
