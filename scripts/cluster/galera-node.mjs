/** Nodes of a MariaDB Galera cluster on 127.0.0.1: real processes, to be killed and brought back. */
import { execFile, execFileSync } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import mysql from 'mysql2/promise';
import { findOrInstall } from '../services/apt.mjs';
import { findBinary } from '../services/binaries.mjs';
import { findMySql, initialiseCommand, serverArguments } from '../services/mysql-binaries.mjs';
import { inPlaceAtOnce, initStatements, mysqlAnswers, mysqlUrl, socketPath } from '../services/mysql-server.mjs';
import { serverFiles, startServer } from '../services/server-process.mjs';

/** @import { Say } from '../services/messages.mjs' */
/** @import { MySqlBinaries } from '../services/mysql-binaries.mjs' */
/** @import { RunningServer } from '../services/server-process.mjs' */
/** @typedef {{ binaries: MySqlBinaries, provider: string }} GaleraPrograms */

/**
 * `port` is for clients, the others are for nodes among themselves. `peers`: the group ports of all nodes, this one's
 * too. `bootstrap`: this node begins the cluster when no other one runs; of exactly one node. `log` tells a person.
 * @typedef {{ name: string, dir: string, port: number, groupPort: number, istPort: number, sstPort: number,
 *   peers: number[], bootstrap?: boolean, database?: string, log?: Say }} GaleraNode
 */

const run = promisify(execFile);

const PACKAGES = ['mariadb-server', 'galera-4', 'rsync'];
const PROVIDERS = [
  '/usr/lib/galera/libgalera_smm.so',
  '/usr/lib64/galera/libgalera_smm.so',
  '/usr/lib64/galera-4/libgalera_smm.so',
  '/opt/homebrew/opt/galera/lib/libgalera_smm.so',
];
const CLUSTER = 'firstcome';
const DATABASE = 'firstcome';
const USER = 'mysql';
const LISTENS_WITHIN_MS = 1_000;

/*
 * When a node dies the others wait for it, with their commits and their causal reads, until they believe that it is
 * dead: 5.8 s as the library comes, longer than the application waits for a causal read; with these 1.5 s.
 */
const NOTICES_DEATH = [
  'evs.keepalive_period=PT0.3S',
  'evs.inactive_check_period=PT0.3S',
  'evs.suspect_timeout=PT1S',
  'evs.inactive_timeout=PT3S',
  'evs.install_timeout=PT3S',
];

/**
 * What nodes need, installed through apt where we may.
 * @param {Say} say
 * @returns {Promise<GaleraPrograms>}
 */
export async function galeraPrograms(say) {
  const programs = await findOrInstall(installedPrograms, PACKAGES, say);
  if (programs) return programs;
  throw new Error(
    [
      'A Galera cluster cannot be started: MariaDB with its Galera library and rsync are not all installed, and apt-get',
      'cannot be used here. One of:',
      `  Debian, Ubuntu   sudo apt-get install -y --no-install-recommends ${PACKAGES.join(' ')}`,
      '  Fedora           sudo dnf install mariadb-server mariadb-server-galera galera rsync',
      '  Docker           docker compose --profile galera up',
    ].join('\n'),
  );
}

/** @returns {GaleraPrograms | null} */
function installedPrograms() {
  const binaries = findMySql();
  const provider = PROVIDERS.find((file) => existsSync(file));
  return binaries?.kind === 'mariadb' && provider && findBinary('rsync') ? { binaries, provider } : null;
}

/**
 * Starts a node and resolves when it serves (`wsrep_ready` is ON): the first one on an initialised directory, with the
 * account and the schema that the application uses; the others copy it. The node outlives us. One that was killed or
 * stopped comes back with the same arguments: while others run it joins them, and takes what it has missed.
 *
 * After the end of all nodes the cluster is begun again by the one that {@link lastOf} names, with `bootstrap`.
 * @param {GaleraNode} node
 * @returns {Promise<RunningServer>}
 */
export async function startGaleraNode(node) {
  const { name, port, groupPort, peers, bootstrap = false, database = DATABASE, log } = node;
  const programs = await galeraPrograms(log ?? (() => {}));
  const { binaries, provider } = programs;
  const files = nodeFiles(node.dir);
  const begins = bootstrap && !(await anyListens(peers.filter((peer) => peer !== groupPort)));
  prepareFiles(files);
  if (begins) {
    await inPlaceAtOnce(files.data, (data) => initialise(binaries, data, files));
    allowBootstrap(files.data);
  } else prepareDirectory(files.data);
  const position = await recoveredPosition(programs, files);
  const server = await startServer({
    name: `The Galera node ${name}`,
    dir: files.dir,
    port,
    log,
    url: (chosen) => mysqlUrl(chosen, database),
    answers: (chosen) => isReady(chosen, files.data),
    command: (chosen) =>
      asServerUser(files.dir, [
        binaries.server,
        ...serverArguments(binaries, { ...files, port: chosen }, false),
        // The kernel has every commit when it is answered: the end of the process loses none.
        '--innodb-flush-log-at-trx-commit=2',
        ...clusterArguments(node, provider),
        ...(begins ? ['--wsrep-new-cluster', '--wsrep-cluster-address=gcomm://'] : [joinArgument(peers)]),
        ...(position === null ? [] : [`--wsrep-start-position=${position}`]),
      ]),
  });
  if (begins) await createAccount(port, database);
  return server;
}

/**
 * Of nodes that all have ended, the one that has seen the most: to be started first, with `bootstrap`. Another one
 * would take back what only this one has.
 * @template {{ dir: string }} Node
 * @param {[Node, ...Node[]]} nodes
 * @returns {Promise<Node>}
 */
export async function lastOf(nodes) {
  const programs = await galeraPrograms(() => {});
  let [last] = nodes;
  let most = -1;
  for (const node of nodes) {
    const position = await recoveredPosition(programs, nodeFiles(node.dir));
    const seen = Number(position?.split(':')[1] ?? -1);
    if (seen > most) [last, most] = [node, seen];
  }
  return last;
}

/** @typedef {ReturnType<typeof nodeFiles>} NodeFiles */

/** @param {string} directory */
function nodeFiles(directory) {
  const dir = resolve(directory);
  return {
    ...serverFiles(dir),
    dir,
    // Another one than ours, which belongs to whoever starts the server.
    pid: join(dir, 'mariadbd.pid'),
    temporary: join(dir, 'tmp'),
    initFile: join(dir, 'init.sql'),
    socket: socketPath(dir),
  };
}

/** @type {(node: GaleraNode, provider: string) => string[]} */
function clusterArguments({ name, groupPort, istPort, sstPort }, provider) {
  const options = [
    'base_host=127.0.0.1',
    `base_port=${groupPort}`,
    `gmcast.listen_addr=tcp://127.0.0.1:${groupPort}`,
    `ist.recv_addr=127.0.0.1:${istPort}`,
    'gcache.size=64M',
    ...NOTICES_DEATH,
  ];
  return [
    '--binlog-format=ROW',
    '--innodb-autoinc-lock-mode=2',
    '--wsrep-on=ON',
    `--wsrep-provider=${provider}`,
    `--wsrep-provider-options=${options.join(';')}`,
    `--wsrep-cluster-name=${CLUSTER}`,
    `--wsrep-node-name=${name}`,
    '--wsrep-node-address=127.0.0.1',
    '--wsrep-sst-method=rsync',
    `--wsrep-sst-receive-address=127.0.0.1:${sstPort}`,
  ];
}

/** @param {number[]} peers */
function joinArgument(peers) {
  return `--wsrep-cluster-address=gcomm://${peers.map((port) => `127.0.0.1:${port}`).join(',')}`;
}

/** @param {number[]} ports */
async function anyListens(ports) {
  return (await Promise.all(ports.map(listens))).includes(true);
}

/** @param {number} port @returns {Promise<boolean>} */
function listens(port) {
  return new Promise((settle) => {
    const socket = connect({ port, host: '127.0.0.1', timeout: LISTENS_WITHIN_MS });
    const end = (/** @type {boolean} */ answer) => {
      socket.destroy();
      settle(answer);
    };
    socket.once('connect', () => end(true));
    for (const event of ['error', 'timeout']) socket.once(event, () => end(false));
  });
}

/** Whether it is that node, and in its cluster. @type {(port: number, data: string) => Promise<boolean>} */
async function isReady(port, data) {
  const url = `mysql://root@127.0.0.1:${port}`;
  if (!(await mysqlAnswers(url, data))) return false;
  /** @type {mysql.Connection | undefined} */
  let connection;
  try {
    connection = await mysql.createConnection({ uri: url, connectTimeout: 1_000 });
    const [rows] = await connection.query("SHOW STATUS WHERE Variable_name = 'wsrep_ready' AND Value = 'ON'");
    return Array.isArray(rows) && rows.length === 1;
  } catch {
    // One that is just joining may end a connection at any moment.
    return false;
  } finally {
    connection?.destroy();
  }
}

/** By statements, which reach every node, now and later. @type {(port: number, database: string) => Promise<void>} */
async function createAccount(port, database) {
  const connection = await mysql.createConnection({ uri: `mysql://root@127.0.0.1:${port}` });
  try {
    for (const statement of initStatements(database).split('\n').filter(Boolean)) await connection.query(statement);
  } finally {
    await connection.end();
  }
}

/** @type {(binaries: MySqlBinaries, data: string, files: NodeFiles) => Promise<void>} */
async function initialise(binaries, data, files) {
  giveAway(data);
  const { binary, args } = initialiseCommand(binaries, data, false);
  const call = asServerUser(files.dir, [binary, ...args]);
  await run(call.binary, call.args, { cwd: dirname(data), env: { ...process.env, TMPDIR: files.temporary } });
}

/** A node that was killed, or was not the last one to end, asks for this before it begins a cluster. @param {string} data */
function allowBootstrap(data) {
  const file = join(data, 'grastate.dat');
  if (!existsSync(file)) return;
  writeFileSync(file, readFileSync(file, 'utf8').replace(/^safe_to_bootstrap: .*$/m, 'safe_to_bootstrap: 1'));
}

/**
 * How far the node's own files go, as `cluster:sequence`; null for a node without any. A node that was killed has not
 * written it down, and would copy everything from another one if it were not told.
 * @type {(programs: GaleraPrograms, files: NodeFiles) => Promise<string | null>}
 */
async function recoveredPosition({ binaries, provider }, files) {
  const state = join(files.data, 'grastate.dat');
  // Without the tables of the server it was cut off while it copied everything.
  if (!existsSync(state) || !existsSync(join(files.data, 'ibdata1'))) return null;
  const text = readFileSync(state, 'utf8');
  const [, cluster = '', sequence = ''] = /^uuid: *(\S+)\s+seqno: *(\S+)$/m.exec(text) ?? [];
  if (sequence !== '-1') return `${cluster}:${sequence}`;
  if (/^[0-]+$/.test(cluster)) return null;
  const args = serverArguments(binaries, { ...files, port: 0 }, false).filter(
    (each) => !each.startsWith('--log-error'),
  );
  // Without a library and an address it would not look.
  const galera = [
    '--wsrep-on=ON',
    `--wsrep-provider=${provider}`,
    '--wsrep-cluster-address=gcomm://',
    '--binlog-format=ROW',
  ];
  const call = asServerUser(files.dir, [binaries.server, ...args, ...galera, '--wsrep-recover']);
  const { stderr } = await run(call.binary, call.args, { cwd: files.data, maxBuffer: 16 * 1024 * 1024 });
  return /Recovered position: *(\S+)/.exec(stderr)?.[1] ?? null;
}

/**
 * Started by root the server is the user `mysql`: rsync, by which a node copies another one, refuses to copy as root.
 * @type {(dir: string, command: string[]) => { binary: string, args: string[] }}
 */
function asServerUser(dir, [binary = '', ...args]) {
  if (!isRoot()) return { binary, args };
  const user = [`--reuid=${USER}`, `--regid=${USER}`, '--init-groups'];
  // Only root can get to a directory below /root, or below one made by mkdtemp; its servers are let through.
  const passes = isOpen(dir) ? [] : ['--inh-caps=+dac_override', '--ambient-caps=+dac_override'];
  return { binary: setpriv(), args: [...user, ...passes, binary, ...args] };
}

function isRoot() {
  return process.getuid?.() === 0;
}

function setpriv() {
  const found = findBinary('setpriv');
  if (found) return found;
  throw new Error('A Galera node cannot run as root, and there is no setpriv (util-linux) to start it as another user');
}

/** Whether everybody may enter what is above it. @param {string} dir @returns {boolean} */
function isOpen(dir) {
  const parent = dirname(dir);
  return parent === dir || ((statSync(parent).mode & 0o001) !== 0 && isOpen(parent));
}

/** @param {NodeFiles} files */
function prepareFiles(files) {
  prepareDirectory(files.dir);
  prepareDirectory(files.temporary);
  // The file of statements stays empty: a node must not change by itself what it shares with the others.
  for (const file of [files.log, files.initFile]) {
    closeSync(openSync(file, 'a'));
    giveAway(file);
  }
}

/** @param {string} dir */
function prepareDirectory(dir) {
  mkdirSync(dir, { recursive: true });
  giveAway(dir);
}

/** To the user as whom the server runs. @param {string} path */
function giveAway(path) {
  if (isRoot()) execFileSync('chown', [`${USER}:`, path]);
}
