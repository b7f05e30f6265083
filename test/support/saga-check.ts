import { expect } from '@jest/globals';
import { AuditService } from '../../src/coupon/audit/audit.service.js';
import type { Reservation } from '../../src/coupon/reservation/reservation.js';
import { type ModelKeys, SagaModel } from './saga-model.js';
import { SagaRun } from './saga-run.js';
import { MAX_USERS, type Step } from './saga-steps.js';
import type { RealKeys, RealLedger, SagaWorld } from './saga-world.js';

const BOTH = [0, 1] as const;

/**
 * Takes the steps one after the other and asserts after each what must be true then; at the end, that all has healed.
 */
export async function checkSaga(world: SagaWorld, total: number, steps: readonly Step[]): Promise<void> {
  const couponId = await world.createCoupon(total);
  const run = new SagaRun(world, couponId, new SagaModel(total));
  try {
    await check(run);
    for (const step of steps) await take(run, step);
    await expectEverythingEnds(run);
    await expectCleanAudit(run);
    await expectWholeStockIsIssued(run);
  } finally {
    await world.whenIdle(couponId, run.numbers);
    await world.forgetCoupon(couponId);
  }
}

async function take(run: SagaRun, step: Step): Promise<void> {
  const times = step.do === 'sweep' ? step.times : 1;
  for (let time = 1; time <= times; time += 1) {
    await run.take(step);
    await check(run);
  }
}

async function check(run: SagaRun): Promise<void> {
  const { world, couponId, model } = run;
  const ledger = await world.ledger(couponId);
  const keys = await world.keys(couponId);
  run.history.push(keys);
  expectPromises(ledger, run.accepted);
  expectLedger(ledger, model);
  if (run.isRaced) adoptRaced(keys, model);
  expectKeys(keys, world.isCurrent(keys), model.keys);
  // P5: the next number is a new one. A rebuild that lost the sequence may choose any such.
  if (model.isLoaded) expect(keys.sequence).toBeGreaterThanOrEqual(run.accepted.at(-1)?.sequenceNumber ?? 0);
  model.keys.sequence = keys.sequence;
  if (!run.hasLostKeys) expectSlots(keys, ledger.total);
}

/** P1, P2, P3, P5, whatever was lost. */
function expectPromises(ledger: RealLedger, accepted: readonly Reservation[]): void {
  const { rows, failures, total, issuedQuantity, failedQuantity } = ledger;
  expect(rows.length).toBeLessThanOrEqual(total);
  expect(new Set(rows.map(({ userId }) => userId)).size).toBe(rows.length);
  expect({ issuedQuantity, failedQuantity }).toEqual({ issuedQuantity: rows.length, failedQuantity: failures.length });
  const ended = [...rows, ...failures];
  expect(new Set(ended.map(nameOf)).size).toBe(ended.length);
  const known = new Set(accepted.map(nameOf));
  expect(ended.filter((reservation) => !known.has(nameOf(reservation)))).toEqual([]);
  expect(new Set(accepted.map(({ sequenceNumber }) => sequenceNumber)).size).toBe(accepted.length);
}

function nameOf({ userId, sequenceNumber }: Reservation): string {
  return `${userId}:${sequenceNumber}`;
}

function expectSlots({ reserved, users, pending }: RealKeys, total: number): void {
  expect(reserved).toBe(users.length);
  expect(users.length).toBeLessThanOrEqual(total);
  expect(pending.filter(({ userId }) => !users.includes(userId))).toEqual([]);
}

function expectLedger({ rows, failures, total }: RealLedger, model: SagaModel): void {
  expect({ total, rows, failures }).toEqual({
    total: model.total,
    rows: sorted([...model.rows].map(([userId, sequenceNumber]) => ({ userId, sequenceNumber }))),
    failures: sorted(model.failures.map(({ userId, sequenceNumber }) => ({ userId, sequenceNumber }))),
  });
}

function expectKeys(
  { state, reserved, users, sequence, pending }: RealKeys,
  isCurrent: boolean,
  model: ModelKeys,
): void {
  const published = { total: Number(state['total']), version: Number(state['version']), isCurrent };
  expect({
    state: Object.keys(state).length === 0 ? undefined : published,
    reserved,
    users,
    sequence: model.sequence === 'NEW' ? 'NEW' : sequence,
    pending,
  }).toEqual({
    ...model,
    users: [...model.users].sort((a, b) => a - b),
    pending: sorted([...model.pending].map(([userId, sequenceNumber]) => ({ userId, sequenceNumber }))),
  });
}

function sorted(reservations: Reservation[]): Reservation[] {
  return reservations.sort((a, b) => a.sequenceNumber - b.sequenceNumber || a.userId - b.userId);
}

/** What was issued during the rebuild is either confirmed or still pending; the set of users is the same either way. */
function adoptRaced({ state, pending }: RealKeys, model: SagaModel): void {
  for (const { userId, sequenceNumber } of pending) {
    expect(model.hasEnded({ userId, sequenceNumber }) || model.keys.pending.get(userId) === sequenceNumber).toBe(true);
  }
  model.keys.pending = new Map(pending.map(({ userId, sequenceNumber }) => [userId, sequenceNumber]));
  model.keys.users = new Set([...model.rows.keys(), ...model.keys.pending.keys()]);
  model.keys.reserved = model.keys.users.size;
  model.keys.state = { total: model.total, version: Number(state['version']), isCurrent: true };
}

/** P3: after four sweeps of both instances nothing is pending, and what was accepted and not lost has ended. */
async function expectEverythingEnds(run: SagaRun): Promise<void> {
  const { model } = run;
  for (let round = 1; round <= 4; round += 1) {
    for (const at of BOTH) await take(run, { do: 'sweep', times: 1, at });
  }
  expect((await run.world.keys(run.couponId)).pending).toEqual([]);
  const open = run.accepted.filter((reservation) => !model.hasEnded(reservation));
  expect(open.filter(({ sequenceNumber }) => !run.lost.has(sequenceNumber))).toEqual([]);
}

/** Nothing contradicts anything, whatever was lost: who holds a slot in Redis has a row, and the other way round. */
async function expectCleanAudit(run: SagaRun): Promise<void> {
  const { rows, keys } = run.model;
  expect([...keys.users].sort((a, b) => a - b)).toEqual([...rows.keys()].sort((a, b) => a - b));
  expect(await violations(run)).toEqual([]);
}

async function violations(run: SagaRun): Promise<string[]> {
  const audit = await run.at(1).get(AuditService).audit(run.couponId);
  return audit.violations.map(({ code }) => code);
}

/** P4: when more ask than there is stock, exactly the stock is issued. */
async function expectWholeStockIsIssued(run: SagaRun): Promise<void> {
  const { total } = run.model;
  for (let user = MAX_USERS + 1; user <= MAX_USERS + total + 1; user += 1)
    await take(run, { do: 'admit', user, at: 0 });
  expect(run.model.rows.size).toBe(total);
  expect(await violations(run)).toEqual([]);
}
