import { isDeepStrictEqual } from 'node:util';
import type { LedgerServer } from '../../simulation/ledger/ledger-server.js';
import type { TableName } from '../../simulation/ledger/rows.js';
import { plain, sorted } from './outcome.js';
import type { RealSide } from './real-side.js';
import { Recorder } from './recorder.js';
import { hasDeadlock } from './rollback-race.js';
import { SimulatedSide } from './simulated-side.js';
import { commit } from './step-words.js';
import type { Actor, Course, Moment, Session, Step } from './steps.js';
import { readRows, type StoredRows, TABLE_NAMES } from './stored-rows.js';

/** What happened on the real server: it can be asked of a simulated one as often as one likes. */
export interface History extends Course {
  readonly start: StoredRows;
  readonly end: StoredRows;
  /** What was called, as `repository.method`. */
  readonly called: ReadonlySet<string>;
}

/** Which step comes next, when these actors have no answer yet; undefined when there is none. */
export type NextStep = (waiting: readonly Actor[]) => Step | undefined;

/** Whether the real server may choose another victim of the deadlock that comes after this. */
export type MayChoose = (before: Course) => boolean;

const neverChoose: MayChoose = () => false;

/** Takes the steps on the real server; at the end both sessions commit, first the one that can. */
export async function recordHistory(real: RealSide, next: NextStep): Promise<History> {
  const start = await readRows(real.database);
  const recorder = new Recorder(real);
  const steps: Step[] = [];
  const take = async (step: Step): Promise<void> => {
    steps.push(step);
    await recorder.take(step);
  };
  for (let step = next(recorder.waiting); step !== undefined; step = next(recorder.waiting)) await take(step);
  const isFirst: Session = recorder.waiting.includes('A') ? 'B' : 'A';
  await take(commit(isFirst));
  await take(commit(isFirst === 'A' ? 'B' : 'A'));
  return { start, steps, moments: recorder.moments, end: await readRows(real.database), called: recorder.called };
}

/** Takes the steps of the history on a simulated server, which `watch` sees before; what happened there. */
export async function replay(
  { start, steps }: History,
  watch: (server: LedgerServer) => void = () => undefined,
): Promise<Pick<History, 'moments' | 'end'>> {
  const side = new SimulatedSide(start);
  watch(side.server);
  const recorder = new Recorder(side);
  for (const step of steps) await recorder.take(step);
  return { moments: recorder.moments, end: side.rows };
}

/**
 * What is different on a simulated server, in words: the steps up to the first that differs, or a table at the end;
 * undefined when nothing is. A history ends early when both have rolled back another transaction of a deadlock, if after
 * what happened before it they `mayChoose`.
 */
export async function differenceOf(
  history: History,
  { mayChoose = neverChoose }: { mayChoose?: MayChoose } = {},
): Promise<string | undefined> {
  const { moments, end } = await replay(history);
  const at = history.moments.findIndex((moment, index) => !isDeepStrictEqual(moment, moments[index]));
  if (at >= 0) {
    const [real, simulated] = [history.moments[at], moments[at]];
    const isChoice = hasDeadlock(real) && hasDeadlock(simulated);
    const before = { steps: history.steps.slice(0, at), moments: history.moments.slice(0, at) };
    if (isChoice && mayChoose(before)) return undefined;
    const steps = history.moments.slice(0, at).map((moment) => inWords(moment));
    return [...steps, `real:      ${inWords(real)}`, `simulated: ${inWords(simulated)}`].join('\n');
  }
  const table = TABLE_NAMES.find((name) => !isDeepStrictEqual(listed(history.end, name), listed(end, name)));
  if (table === undefined) return undefined;
  const steps = history.moments.map((moment) => inWords(moment));
  const [real, simulated] = [history.end, end].map((rows) => JSON.stringify(listed(rows, table)));
  return [...steps, `${table} at the end`, `real:      ${real}`, `simulated: ${simulated}`].join('\n');
}

function inWords(moment: Moment | undefined): string {
  if (moment === undefined) return 'nothing';
  const answers = moment.answers.map(({ to, answer }) => `${to} is told ${JSON.stringify(answer) ?? 'nothing'}`);
  const waiting = moment.waiting.length === 0 ? [] : [`${moment.waiting.join(' and ')} wait`];
  return [moment.step, ...answers, ...waiting, `${moment.statements} statements`].join('; ');
}

/** The rows of a table as plain data, in the same order for the same rows. */
export function listed(rows: StoredRows, name: TableName): unknown[] {
  return sorted(rows[name].map(plain));
}
