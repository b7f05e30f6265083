/**
 * npm run keys -- create NAME --role operator: makes the key of an operator, prints it once, and the line to configure.
 * Nothing is stored: the configuration has its SHA-256, from which nobody finds the key.
 */
import { createHash, randomBytes } from 'node:crypto';
import { parseArgs } from 'node:util';
import { errorMessage } from './services/messages.mjs';

const ROLES = ['viewer', 'operator', 'admin'];
const USAGE = `Usage: npm run keys -- create NAME --role ROLE
  NAME    who will have the key: 1 to 64 of the characters A-Z a-z 0-9 . _ -
  ROLE    ${ROLES.join(', ')}; may be given several times`;
/** Says whose keys these are, for those who look for secrets in repositories. */
const PREFIX = 'fc_';
const KEY_BYTES = 32;

process.exitCode = main(process.argv.slice(2));

/** The exit code. @param {string[]} words */
function main(words) {
  try {
    const { name, roles } = parsed(words);
    const key = PREFIX + randomBytes(KEY_BYTES).toString('base64url');
    const sha256 = createHash('sha256').update(key).digest('hex');
    console.log(`The key of ${name}, which is shown this once:

  ${key}

It goes into the header "Authorization: Bearer <key>". The line to configure, in admin.keys of config/*.yaml:

  - { name: ${name}, sha256: ${sha256}, roles: [${roles.join(', ')}] }

or in the list of the variable ADMIN_KEYS:

  ${JSON.stringify([{ name, sha256, roles }])}`);
    return 0;
  } catch (error) {
    console.error(`${errorMessage(error)}\n${USAGE}`);
    return 2;
  }
}

/** @param {string[]} words */
function parsed(words) {
  const { values, positionals } = parseArgs({
    args: words,
    allowPositionals: true,
    options: { role: { type: 'string', multiple: true } },
  });
  const [command, name = '', ...rest] = positionals;
  const roles = values.role ?? [];
  if (command !== 'create' || rest.length > 0) throw new Error('Say what to do: create NAME --role ROLE.');
  if (name === 'token') throw new Error('"token" is the name of ADMIN_TOKEN.');
  if (!/^[\w.-]{1,64}$/.test(name)) throw new Error('NAME must be 1 to 64 of the characters A-Z a-z 0-9 . _ -.');
  const unknown = roles.filter((role) => !ROLES.includes(role));
  if (unknown.length > 0) throw new Error(`There is no role ${unknown.join(', ')}: --role is ${ROLES.join(', ')}.`);
  if (roles.length === 0) throw new Error(`--role must be given: ${ROLES.join(', ')}.`);
  return { name, roles: [...new Set(roles)] };
}
