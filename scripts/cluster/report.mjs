/** How `npm run cluster` prints a set. */
import { relative } from 'node:path';
import { localAddress } from '../services/app-process.mjs';
import { memberLog } from './member-files.mjs';
import { insidePort } from './balancer-member.mjs';
import { kafkaBrokers } from './kafka-members.mjs';
import { firstOf, ofKind } from './plan.mjs';
import { redisUrl } from './redis-members.mjs';

/** @import { Plan } from './plan.mjs' */
/** @import { SetStatus } from './set.mjs' */

/** Of a set that is ready. @param {string} setDir @param {Plan} plan */
export function readyLines(setDir, plan) {
  const inside = localAddress(insidePort(firstOf(plan, 'balancer')));
  const databases = [...ofKind(plan, 'mysql'), ...ofKind(plan, 'galera')];
  return [
    'The set is ready',
    `  address    ${localAddress(firstOf(plan, 'balancer').port)}`,
    `  dashboard  ${inside}/dashboard`,
    `  API docs   ${inside}/docs`,
    `  balancer   ${inside}/load-balancer/stats`,
    `  instances  ${ofKind(plan, 'app')
      .map(({ port }) => localAddress(port))
      .join(' ')}`,
    `  Redis      ${redisUrl(plan)}`,
    `  MySQL      ${databases.map(({ port }) => `mysql://127.0.0.1:${port}/${plan.schema}`).join(' ')}`,
    ...(plan.wanted.kafka > 0 ? [`  Kafka      ${kafkaBrokers(plan)}`] : []),
    `  logs       ${relative('', memberLog(setDir, { name: '<name>' }))}`,
    'What runs:   npm run cluster -- status',
    'To stop it:  npm run cluster -- down',
  ];
}

/** One for each process. @param {SetStatus} set */
export function statusLines({ address, processes }) {
  if (address === null) return ['There is no set; start one: npm run cluster -- up'];
  return processes.map(({ name, role, address: at, pid }) => {
    const how = pid === null ? `does not run; to start it again: npm run cluster -- start ${name}` : `pid ${pid}`;
    return `${name.padEnd(11)} ${role.padEnd(14)} ${at.padEnd(16)} ${how}`;
  });
}
