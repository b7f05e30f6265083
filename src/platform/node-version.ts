/**
 * Ends a process whose Node.js is too old for the application, with one line. To be imported first, and alone where an
 * old one could not even load the rest.
 */
import { readFileSync } from 'node:fs';

const { engines }: { engines: { node: string } } = JSON.parse(
  readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
);

const [major, minor] = numbersIn(process.versions.node);
const [wantedMajor, wantedMinor] = numbersIn(engines.node);
if (major < wantedMajor || (major === wantedMajor && minor < wantedMinor)) {
  const { versions, execPath } = process;
  process.stderr.write(`firstcome needs Node.js ${engines.node}; this is ${versions.node}, ${execPath}\n`);
  process.exit(1);
}

function numbersIn(version: string): [number, number] {
  const [first, second] = version.match(/\d+/g) ?? [];
  return [Number(first), Number(second)];
}
