/** The database servers of a set: one MariaDB. */
import { mysqlUrl, startMysql } from '../services/mysql-server.mjs';
import { memberDir } from './member-files.mjs';
import { firstOf } from './plan.mjs';

/** @import { Member, Plan } from './plan.mjs' */
/** @import { StartMember } from './start-member.mjs' */

/** The DATABASE_URL of an instance. @type {(plan: Plan, app: Member) => string} */
export function databaseUrl(plan, _app) {
  return mysqlUrl(firstOf(plan, 'mysql').port, plan.schema);
}

/** @type {StartMember} */
export async function startMysqlMember({ dir, plan }, member) {
  return await startMysql({ dir: memberDir(dir, member), port: member.port, database: plan.schema });
}
