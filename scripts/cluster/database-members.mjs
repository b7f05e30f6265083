/** The database servers of a set: one MariaDB, or a Galera cluster with a node for each instance. */
import { mysqlUrl, startMysql } from '../services/mysql-server.mjs';
import { lastOf, startGaleraNode } from './galera-node.mjs';
import { memberDir, memberPid } from './member-files.mjs';
import { firstOf, ofKind } from './plan.mjs';

/** @import { Member, Plan } from './plan.mjs' */
/** @import { StartMember } from './start-member.mjs' */

/** The DATABASE_URL of an instance: of its own node, where there are several. @type {(plan: Plan, app: Member) => string} */
export function databaseUrl(plan, app) {
  const own = ofKind(plan, 'galera')[ofKind(plan, 'app').findIndex(({ name }) => name === app.name)];
  return mysqlUrl((own ?? firstOf(plan, 'mysql')).port, plan.schema);
}

/** @type {StartMember} */
export async function startMysqlMember({ dir, plan }, member) {
  return await startMysql({ dir: memberDir(dir, member), port: member.port, database: plan.schema });
}

/**
 * A node joins those that run. Where none does, it begins the cluster; throws when another one has seen more, which
 * would be lost.
 * @type {StartMember}
 */
export async function startGaleraMember({ dir, plan }, member) {
  const others = ofKind(plan, 'galera').filter(({ name }) => name !== member.name);
  const begins = others.every((other) => memberPid(dir, other) === null);
  if (begins) {
    const { name } = await lastOf([named(dir, member), ...others.map((other) => named(dir, other))]);
    if (name !== member.name)
      throw new Error(
        `No Galera node runs, and ${name} has seen more than ${member.name}. Start that first: npm run cluster -- start ${name}`,
      );
  }
  return await startGaleraNode({
    name: member.name,
    dir: memberDir(dir, member),
    port: member.port,
    ...galeraPorts(member),
    peers: ofKind(plan, 'galera').map((each) => galeraPorts(each).groupPort),
    bootstrap: begins,
    database: plan.schema,
  });
}

/** @param {string} setDir @param {Member} member */
function named(setDir, member) {
  return { name: member.name, dir: memberDir(setDir, member) };
}

/** For the nodes among themselves. @param {Member} member */
function galeraPorts({ name, ports: { group, ist, sst } }) {
  if (group === undefined || ist === undefined || sst === undefined) throw new Error(`${name} has too few ports`);
  return { groupPort: group, istPort: ist, sstPort: sst };
}
