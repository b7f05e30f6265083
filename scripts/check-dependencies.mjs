/**
 * npm run deps:check: src/ breaks none of the rules of .dependency-cruiser.mjs, and every rule still works: each one
 * must catch its own example under test/fixtures/forbidden-imports, a file with the rule's name, and nothing else.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import config from '../.dependency-cruiser.mjs';
import { projectDir } from './services/project.mjs';

/** @import { ICruiseResult } from 'dependency-cruiser' */

const CRUISER = join(projectDir, 'node_modules', 'dependency-cruiser', 'bin', 'dependency-cruise.mjs');
const RULES = join(projectDir, '.dependency-cruiser.mjs');
const FIXTURE = join(projectDir, 'test', 'fixtures', 'forbidden-imports');

const inSource = cruise(projectDir);
for (const { rule, from, to } of inSource.violations) {
  console.error(`${rule}: ${from} → ${to} (${config.forbidden?.find(({ name }) => name === rule)?.comment})`);
}

const inFixture = cruise(FIXTURE).violations;
const rules = (config.forbidden ?? []).map(({ name }) => name ?? '');
const blindRules = rules.filter((rule) => !inFixture.some((violation) => violation.rule === rule));
for (const rule of blindRules)
  console.error(`The rule ${rule} does not find its example in test/fixtures/forbidden-imports`);
const falseAlarms = inFixture.filter(({ rule, from }) => !from.includes(`/${rule}.`));
for (const { rule, from, to } of falseAlarms) console.error(`The rule ${rule} wrongly forbids ${from} → ${to}`);

const failures = inSource.violations.length + blindRules.length + falseAlarms.length;
if (failures === 0)
  console.log(`${inSource.files} files of src/ keep the ${rules.length} import rules; each rule catches its example`);
else process.exitCode = 1;

/** Runs the rules over `src/` below a directory. @param {string} directory */
function cruise(directory) {
  const args = [CRUISER, '--config', RULES, '--output-type', 'json', 'src'];
  const result = spawnSync(process.execPath, args, { cwd: directory, encoding: 'utf8', maxBuffer: 256 * 1024 * 1024 });
  // Its exit code is the number of violations; a failure of its own has no JSON.
  if (!result.stdout.startsWith('{')) throw new Error(`dependency-cruiser failed:\n${result.stdout}${result.stderr}`);
  /** @type {ICruiseResult} */
  const { modules, summary } = JSON.parse(result.stdout);
  return {
    files: modules.filter(({ source }) => source.startsWith('src/')).length,
    violations: summary.violations.map(({ rule, from, to }) => ({ rule: rule.name, from, to })),
  };
}
