/** The Kafka brokers of a set, each of them a controller too (KRaft). */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { Kafka, logLevel } from 'kafkajs';
import { installedKafka } from '../services/kafka-programs.mjs';
import { lastLines, runQuietly } from '../services/process.mjs';
import { serverFiles, startServer } from '../services/server-process.mjs';
import { memberDir, memberPid } from './member-files.mjs';
import { ofKind } from './plan.mjs';
import { until } from './until.mjs';

/** @import { Member, Plan } from './plan.mjs' */
/** @import { StartMember } from './start-member.mjs' */

/** 300 MB each, and ready within seconds: nothing here runs for long enough to be worth the second compiler. */
const JAVA_OPTIONS = [
  '-Xmx384m',
  '-XX:+UseSerialGC',
  '-XX:TieredStopAtLevel=1',
  '-Dorg.apache.logging.log4j.level=WARN',
];
/** 16 bytes in base 64: which brokers belong together. The sets are told apart by their ports. */
const CLUSTER_ID = 'Zmlyc3Rjb21lLXNldC0xMA';
const TIMEOUT_MS = 1_000;

/** The KAFKA_BROKERS of the instances; empty where there are none. @param {Plan} plan */
export function kafkaBrokers(plan) {
  return ofKind(plan, 'kafka')
    .map(({ port }) => `127.0.0.1:${port}`)
    .join();
}

/** Resolves when it answers; one without enough others to be a cluster with, when it waits for them. @type {StartMember} */
export async function startKafkaMember({ dir, plan }, member) {
  const programs = installedKafka();
  if (!programs) throw new Error('Kafka has not been fetched');
  const { java, libraries } = programs;
  const home = memberDir(dir, member);
  const { data } = serverFiles(home);
  const config = join(data, 'server.properties');
  const options = [...JAVA_OPTIONS, '-cp', join(libraries, '*')];
  if (!existsSync(config)) {
    mkdirSync(data, { recursive: true });
    writeFileSync(config, serverProperties(plan, member, join(data, 'log')));
  }
  if (!existsSync(join(data, 'log', 'meta.properties'))) {
    const format = [...options, 'kafka.tools.StorageTool', 'format', '-t', CLUSTER_ID, '-c', config];
    const { code, output } = await runQuietly(java, format);
    if (code !== 0) throw new Error(`The data directory of ${member.name} could not be made:\n${lastLines(output)}`);
  }
  const brokers = ofKind(plan, 'kafka');
  const others = brokers.filter(({ name }) => name !== member.name);
  const isEnough = () => others.filter((other) => memberPid(dir, other) !== null).length + 1 > brokers.length / 2;
  return await startServer({
    name: `The Kafka broker ${member.name}`,
    dir: home,
    port: member.port,
    url: (port) => `kafka://127.0.0.1:${port}`,
    answers: async () => ((await listens(controllerPort(member))) && !isEnough()) || (await listens(member.port)),
    command: () => ({ binary: java, args: [...options, 'kafka.Kafka', config] }),
  });
}

/** @type {(plan: Plan, member: Member, logDir: string) => string} */
function serverProperties(plan, member, logDir) {
  const brokers = ofKind(plan, 'kafka');
  const voters = brokers.map((broker) => `${nodeId(plan, broker)}@127.0.0.1:${controllerPort(broker)}`);
  const replicas = Math.min(3, brokers.length);
  return [
    'process.roles=broker,controller',
    `node.id=${nodeId(plan, member)}`,
    `controller.quorum.voters=${voters.join()}`,
    `listeners=PLAINTEXT://127.0.0.1:${member.port},CONTROLLER://127.0.0.1:${controllerPort(member)}`,
    `advertised.listeners=PLAINTEXT://127.0.0.1:${member.port}`,
    'listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'controller.listener.names=CONTROLLER',
    `log.dirs=${logDir}`,
    // One that is gone can be done without, and what was acknowledged is on two at least.
    `default.replication.factor=${replicas}`,
    `min.insync.replicas=${Math.max(1, replicas - 1)}`,
    `offsets.topic.replication.factor=${replicas}`,
    `transaction.state.log.replication.factor=${replicas}`,
    `transaction.state.log.min.isr=${Math.max(1, replicas - 1)}`,
    'offsets.topic.num.partitions=3',
    'auto.create.topics.enable=false',
    // A group of three members need not wait for more of them.
    'group.initial.rebalance.delay.ms=0',
    // A broker is given up after two seconds of silence, so that its partitions soon have another leader.
    'broker.heartbeat.interval.ms=500',
    'broker.session.timeout.ms=2000',
    'replica.lag.time.max.ms=2000',
    'controller.quorum.election.timeout.ms=500',
    'controller.quorum.fetch.timeout.ms=1000',
    '',
  ].join('\n');
}

/** Of Kafka's own. @type {(plan: Plan, member: Member) => number} */
function nodeId(plan, { name }) {
  return ofKind(plan, 'kafka').findIndex((broker) => broker.name === name) + 1;
}

/** At which the controllers talk to each other. @param {Member} broker */
function controllerPort({ name, ports: { controller } }) {
  if (controller === undefined) throw new Error(`${name} has no port for the controllers`);
  return controller;
}

/** Resolves when every broker is known to the others, if there are any. @param {Plan} plan @param {AbortSignal} signal */
export async function joinBrokers(plan, signal) {
  const brokers = ofKind(plan, 'kafka');
  if (brokers.length === 0) return;
  const kafka = new Kafka({
    brokers: kafkaBrokers(plan).split(','),
    logLevel: logLevel.NOTHING,
    connectionTimeout: TIMEOUT_MS,
    requestTimeout: TIMEOUT_MS,
    retry: { retries: 0 },
  });
  const admin = kafka.admin();
  const known = async () => {
    try {
      await admin.connect();
      return (await admin.describeCluster()).brokers.length === brokers.length;
    } catch {
      // It is asked again until the time is up.
      return false;
    }
  };
  try {
    await until(signal, 'not every Kafka broker knows the others', known);
  } finally {
    await admin.disconnect();
  }
}

/** Whether somebody does at this port. @param {number} port @returns {Promise<boolean>} */
function listens(port) {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1', timeout: TIMEOUT_MS });
    const settle = (/** @type {boolean} */ answer) => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('connect', () => settle(true));
    socket.once('timeout', () => settle(false));
    socket.once('error', () => settle(false));
  });
}
