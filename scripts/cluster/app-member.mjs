/** The instances of a set, and the migration before their first start. */
import { join } from 'node:path';
import { isLive, localAddress } from '../services/app-process.mjs';
import { lastLines, runQuietly } from '../services/process.mjs';
import { projectDir } from '../services/project.mjs';
import { startServer } from '../services/server-process.mjs';
import { databaseUrl } from './database-members.mjs';
import { kafkaBrokers } from './kafka-members.mjs';
import { memberDir } from './member-files.mjs';
import { firstOf } from './plan.mjs';
import { redisUrl } from './redis-members.mjs';

/** @import { Member, Plan } from './plan.mjs' */
/** @import { StartMember } from './start-member.mjs' */

/** Resolves when it serves, whether it is ready or not. @type {StartMember} */
export async function startAppMember({ dir, plan, env }, member) {
  return await startServer({
    name: `The instance ${member.name}`,
    dir: memberDir(dir, member),
    port: member.port,
    env: environment(plan, member, env),
    url: localAddress,
    answers: (port) => isLive(localAddress(port)),
    command: () => ({ binary: process.execPath, args: [join(projectDir, 'dist', 'main.js')] }),
  });
}

/** Brings the schema up to date, once for all. @type {(plan: Plan, env: NodeJS.ProcessEnv, signal: AbortSignal) => Promise<void>} */
export async function migrate(plan, env, signal) {
  const { code, output } = await runQuietly(process.execPath, [join(projectDir, 'dist', 'migrate.js')], {
    env: environment(plan, firstOf(plan, 'app'), env),
    signal,
  });
  if (code !== 0) throw new Error(`The schema could not be made:\n${lastLines(output)}`);
}

/** @type {(plan: Plan, member: Member, env: NodeJS.ProcessEnv) => NodeJS.ProcessEnv} */
function environment(plan, member, env) {
  return {
    ...process.env,
    NODE_ENV: 'local',
    // One looks whether the test data is there; each would, and at the first start all would make it.
    LOAD_TEST_SEED_AT_START: String(member === firstOf(plan, 'app')),
    DATABASE_MIGRATE_AT_START: 'false',
    ...kafkaEnvironment(plan),
    ...env,
    HOST: '127.0.0.1',
    PORT: String(member.port),
    REDIS_URL: redisUrl(plan),
    DATABASE_URL: databaseUrl(plan, member),
  };
}

/** @type {(plan: Plan) => NodeJS.ProcessEnv} */
function kafkaEnvironment(plan) {
  const brokers = kafkaBrokers(plan);
  if (brokers === '') return {};
  return { KAFKA_BROKERS: brokers, COUPON_ISSUANCE_TRANSPORT: 'kafka', EVENTS_KAFKA_ENABLED: 'true' };
}

/** Whether it can do all that it is for. @param {Member} member */
export async function isReady({ port }) {
  try {
    const response = await fetch(`${localAddress(port)}/health/ready`, { signal: AbortSignal.timeout(2_000) });
    const { status } = /** @type {{ status?: string }} */ (await response.json());
    return status === 'ok';
  } catch {
    return false;
  }
}
