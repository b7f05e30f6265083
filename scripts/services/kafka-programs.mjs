/** Kafka and what it runs on: Java, and the broker itself, fetched once through Maven and kept under .tools/kafka. */
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findOrInstall } from './apt.mjs';
import { findBinary } from './binaries.mjs';
import { withLock } from './lock.mjs';
import { lastLines, runQuietly } from './process.mjs';
import { servicesDir, toolsDir } from './project.mjs';

/** @import { Say } from './messages.mjs' */
/** `libraries`: the directory of all that Java needs to know. @typedef {{ java: string, libraries: string }} KafkaPrograms */

const VERSION = '4.1.0';
const PACKAGES = ['openjdk-17-jre-headless', 'maven'];
const LIBRARIES = join(toolsDir, `kafka-${VERSION}`);
/** The last one has the broker say in its log what it does not like. */
const ARTIFACTS = [
  ['org.apache.kafka', 'kafka_2.13', VERSION],
  ['org.apache.kafka', 'kafka-tools', VERSION],
  ['org.apache.logging.log4j', 'log4j-slf4j-impl', '2.24.3'],
];

/**
 * Installed and fetched where they are missing and we may; throws, with what one can do by hand, where that is not possible.
 * @param {Say} say @returns {Promise<KafkaPrograms>}
 */
export async function kafkaPrograms(say) {
  const found = installedKafka();
  if (found) return found;
  if (!(await findOrInstall(canFetch, PACKAGES, say))) {
    throw new Error(
      [
        'Kafka cannot be started: Java and Maven, through which it comes, are not both here, and apt-get cannot be used.',
        'One of:',
        `  Debian, Ubuntu   sudo apt-get install -y --no-install-recommends ${PACKAGES.join(' ')}`,
        '  macOS            brew install openjdk@17 maven',
        '  Docker           docker compose --profile kafka up',
      ].join('\n'),
    );
  }
  await withLock(join(servicesDir, 'kafka.lock'), () => fetchLibraries(say));
  const fetched = installedKafka();
  if (!fetched) throw new Error('Kafka cannot be started: its libraries are here, but no Java');
  return fetched;
}

/** Null where it has not been fetched yet. @returns {KafkaPrograms | null} */
export function installedKafka() {
  const java = findBinary('java');
  return java && existsSync(LIBRARIES) ? { java, libraries: LIBRARIES } : null;
}

async function canFetch() {
  if (existsSync(LIBRARIES)) return findBinary('java') !== null;
  const maven = findBinary('mvn');
  return maven !== null && (await runQuietly(maven, ['--version'])).code === 0;
}

/** @param {Say} say */
async function fetchLibraries(say) {
  if (existsSync(LIBRARIES)) return;
  say(`Fetching Kafka ${VERSION} through Maven (once, 54 MB)`);
  const scratch = `${LIBRARIES}.fetch-${process.pid}`;
  const libraries = join(scratch, 'libraries');
  try {
    mkdirSync(libraries, { recursive: true });
    writeFileSync(join(scratch, 'pom.xml'), projectFile());
    const words = ['-q', '-B', 'dependency:copy-dependencies', `-DoutputDirectory=${libraries}`];
    const { code, output } = await runQuietly(findBinary('mvn') ?? 'mvn', words, { cwd: scratch });
    if (code !== 0) throw new Error(`Kafka ${VERSION} could not be fetched through Maven:\n${lastLines(output)}`);
    renameSync(libraries, LIBRARIES);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** A project of nothing but what it depends on. */
function projectFile() {
  const dependencies = ARTIFACTS.map(
    ([group, artifact, version]) =>
      `<dependency><groupId>${group}</groupId><artifactId>${artifact}</artifactId><version>${version}</version></dependency>`,
  );
  return [
    '<project xmlns="http://maven.apache.org/POM/4.0.0">',
    '<modelVersion>4.0.0</modelVersion>',
    '<groupId>firstcome</groupId><artifactId>kafka</artifactId><version>1</version><packaging>pom</packaging>',
    `<dependencies>${dependencies.join('')}</dependencies>`,
    '</project>',
  ].join('\n');
}
