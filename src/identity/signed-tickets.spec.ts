import { describe, expect, it } from '@jest/globals';
import { assert, nat, pre, property, record, string } from 'fast-check';
import { SignedTickets } from './signed-tickets.js';

const SECRET = 'the secret of the test, 32 and more';
const OTHER_SECRET = 'another secret of the test, as long';
const SUBJECT = 'entry:42:1042';
const TIMES = { notBefore: 1_795_165_201_234, expiresAt: 1_795_165_801_234 };

const tickets = new SignedTickets(SECRET);
const times = record({ notBefore: nat({ max: 2 ** 45 }), life: nat({ max: 2 ** 40 }) }).map(({ notBefore, life }) => ({
  notBefore,
  expiresAt: notBefore + life,
}));

describe('SignedTickets', () => {
  it('has the format that tickets in the hands of users have', () => {
    // Made by another program, from the sentence above the class alone.
    const ticket = 'AQGh-C8jUgGh-DhLEql4Sktu2vXua_mDFTcGVcO5V4RNCks9n2uIlsR3mnGJ';
    expect(tickets.sign(SUBJECT, TIMES)).toBe(ticket);
    expect(tickets.verify(ticket, SUBJECT)).toEqual(TIMES);
  });

  it('takes back what it gave, for the same subject alone', () => {
    assert(
      property(times, string(), string(), (given, subject, other) => {
        const ticket = tickets.sign(subject, given);
        expect(tickets.verify(ticket, subject)).toEqual(given);
        if (other !== subject) expect(tickets.verify(ticket, other)).toBeUndefined();
      }),
    );
  });

  it('takes no ticket in which a single bit is another', () => {
    const bytes = Buffer.from(tickets.sign(SUBJECT, TIMES), 'base64url');
    assert(
      property(nat({ max: bytes.length * 8 - 1 }), (bit) => {
        const changed = Buffer.from(bytes);
        changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        expect(tickets.verify(changed.toString('base64url'), SUBJECT)).toBeUndefined();
      }),
      { numRuns: 1000 },
    );
  });

  it('takes no other text for a ticket: cut, longer, with another character or any at all', () => {
    const ticket = tickets.sign(SUBJECT, TIMES);
    for (let length = 0; length < ticket.length; length += 1) {
      expect(tickets.verify(ticket.slice(0, length), SUBJECT)).toBeUndefined();
    }
    assert(
      property(
        nat({ max: ticket.length }),
        string({ unit: 'binary', minLength: 1 }),
        nat({ max: 3 }),
        (at, text, cut) => {
          const changed = ticket.slice(0, at) + text + ticket.slice(at + cut);
          pre(changed !== ticket);
          expect(tickets.verify(changed, SUBJECT)).toBeUndefined();
        },
      ),
      { numRuns: 1000 },
    );
    assert(property(string({ unit: 'binary' }), (text) => tickets.verify(text, SUBJECT) === undefined));
  });

  it('takes what was signed with its other secret, and signs with its first', () => {
    const before = new SignedTickets(SECRET);
    const between = new SignedTickets(OTHER_SECRET, SECRET);
    const after = new SignedTickets(OTHER_SECRET);

    expect(between.verify(before.sign(SUBJECT, TIMES), SUBJECT)).toEqual(TIMES);
    expect(between.sign(SUBJECT, TIMES)).toBe(after.sign(SUBJECT, TIMES));
    expect(after.verify(before.sign(SUBJECT, TIMES), SUBJECT)).toBeUndefined();
    expect(before.verify(between.sign(SUBJECT, TIMES), SUBJECT)).toBeUndefined();
  });
});
