/** What Redis and MySQL have in common when we start them: a directory, a detached process, a log, a pid file. */
import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from './free-port.mjs';
import { isAlive, lastLines, sendSignal, stopProcess, waitForEnd, worksIn } from './process.mjs';

/** @import { Say } from './messages.mjs' */

/**
 * A server that runs. Started again with the same `dir` and `port` it has the same data. `stop` ends it in order; no
 * error when it is gone already. `kill` sends a signal; after SIGKILL it waits for the end.
 * @typedef {{ url: string, port: number, pid: number, dir: string, stop: () => Promise<void>,
 *   kill: (signal: NodeJS.Signals) => Promise<void> }} RunningServer
 */

/**
 * `name` is for messages. Without a `port` any free one is taken. `answers` tells whether the very process serves.
 * @typedef {{ name: string, dir: string, port?: number, log?: Say, env?: NodeJS.ProcessEnv,
 *   command: (port: number) => { binary: string, args: string[] }, url: (port: number) => string,
 *   answers: (port: number, pid: number) => Promise<boolean> }} ServerPlan
 */

const READY_TIMEOUT_MS = 60_000;
const PORT_ATTEMPTS = 5;

/** The files a server keeps in its directory. @param {string} dir */
export function serverFiles(dir) {
  return {
    data: join(dir, 'data'),
    pid: join(dir, 'server.pid'),
    log: join(dir, 'server.log'),
  };
}

/** The process id of the server that works in this directory, null when none does. @param {string} dir */
export function pidIn(dir) {
  const files = serverFiles(dir);
  try {
    const pid = Number.parseInt(readFileSync(files.pid, 'utf8'), 10);
    return pid > 0 && isAlive(pid) && worksIn(pid, files.data) ? pid : null;
  } catch {
    return null;
  }
}

/** Resolves when the server answers. It outlives us and the terminal's Ctrl-C. @param {ServerPlan} plan */
export async function startServer(plan) {
  const running = pidIn(plan.dir);
  if (running) throw new Error(`${plan.name} already works in ${plan.dir} (pid ${running}); stop it first`);
  for (let attempt = 1; ; attempt++) {
    try {
      return await startOnPort(plan, plan.port ?? (await freePort()));
    } catch (error) {
      const portWasTaken = error instanceof Error && /address already in use/i.test(error.message);
      if (!portWasTaken || plan.port !== undefined || attempt === PORT_ATTEMPTS) throw error;
    }
  }
}

/** @type {(plan: ServerPlan, port: number) => Promise<RunningServer>} */
async function startOnPort(plan, port) {
  const files = serverFiles(plan.dir);
  mkdirSync(files.data, { recursive: true });
  const { binary, args } = plan.command(port);
  const output = openSync(files.log, 'a');
  const logStart = statSync(files.log).size;
  const child = spawn(binary, args, {
    detached: true,
    stdio: ['ignore', output, output],
    // Where the server goes by itself, too; like this the process can be told as ours from its first moment.
    cwd: files.data,
    env: plan.env,
  });
  closeSync(output);
  /** @type {string | null} */
  let end = null;
  child.once('error', (error) => (end = error.message));
  child.once('exit', (code, signal) => (end = signal ? `ended by ${signal}` : `ended with code ${code}`));
  child.unref();
  const pid = child.pid ?? 0;
  // Written here and not left to the server, so that a start which is killed half-way can be found again.
  if (pid) writeFileSync(files.pid, `${pid}\n`);

  const deadline = Date.now() + READY_TIMEOUT_MS;
  while (!(await plan.answers(port, pid))) {
    if (end === null && Date.now() > deadline) {
      await stopProcess(pid);
      end = `gave no answer on port ${port} within ${READY_TIMEOUT_MS / 1000} s`;
    }
    if (end !== null) {
      rmSync(files.pid, { force: true });
      const log = readFileSync(files.log).toString('utf8', logStart);
      throw new Error(`${plan.name} ${end}. Its log, ${files.log}, ends with:\n${lastLines(log)}`);
    }
    await sleep(15);
  }
  plan.log?.(`${plan.name} runs on port ${port} (pid ${pid})`);
  return runningServer({ url: plan.url(port), port, pid, dir: plan.dir });
}

/** Of a process that is known to be ours. @type {(server: Omit<RunningServer, 'stop' | 'kill'>) => RunningServer} */
function runningServer(server) {
  const isOurs = () => isAlive(server.pid) && worksIn(server.pid, serverFiles(server.dir).data);
  return {
    ...server,
    stop: async () => {
      if (isOurs()) await stopProcess(server.pid);
    },
    kill: async (signal) => {
      if (!isOurs()) return;
      sendSignal(server.pid, signal);
      if (signal === 'SIGKILL') await waitForEnd(server.pid, 5_000);
    },
  };
}
