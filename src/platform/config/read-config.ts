import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import type { z } from 'zod';
import { messageOf } from '../errors/error-text.js';
import { PROFILES, SECRET_SETTINGS } from './config.schema.js';

type Tree = { [name: string]: unknown };

/** Found from this file, which lies three directories below the package in `src` as in `dist`, whatever the cwd. */
const CONFIG_DIRECTORY = new URL('../../../config/', import.meta.url);

/** In the message of a rule, whose module does not know by which variables the others are set. */
const SETTING_NAME = /\b[a-z]\w*(?:\.\w+)+/g;

/** The process can't start with these settings: one line per problem, fit for a terminal, without any secret. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';

  constructor(readonly problems: readonly string[]) {
    super(['The configuration is not valid:', ...problems.map((problem) => `  ${problem}`)].join('\n'));
  }
}

/**
 * Reads the settings: default.yaml, then the profile that NODE_ENV names (`production` when it is not set), then
 * environment variables. The one place that reads the environment.
 *
 * @throws ConfigError naming every problem at once
 */
export function readConfig<T extends object>(schema: z.ZodType<T>, env: NodeJS.ProcessEnv): T {
  const profile = given(env['NODE_ENV']) ?? 'production';
  if (!PROFILES.some((known) => known === profile)) {
    throw new ConfigError([`NODE_ENV is ${JSON.stringify(profile)}: must be one of ${PROFILES.join(', ')}`]);
  }
  const variables = readYaml('environment.yaml');
  const layers = [readYaml('default.yaml'), readYaml(`${profile}.yaml`), fromEnvironment(variables, env), { profile }];
  const settings = layers.reduce(merge, {});

  const result = schema.safeParse(settings);
  if (!result.success) {
    const problems = result.error.issues.flatMap((issue) => describe(issue, settings, variables));
    throw new ConfigError([...new Set(problems)]);
  }
  return deepFreeze(result.data);
}

function readYaml(file: string): Tree {
  const content = parsedYaml(file);
  return isTree(content) ? content : {};
}

function parsedYaml(file: string): unknown {
  const text = readFileSync(new URL(file, CONFIG_DIRECTORY), 'utf8');
  try {
    return parse(text);
  } catch (error) {
    // What follows its first line is the text with an arrow.
    throw new ConfigError([`config/${file} is no YAML: ${messageOf(error).split('\n', 1).join('').replace(/:$/, '')}`]);
  }
}

/** Compose files and CI pass variables that are empty when nobody set them: that is no value. */
function given(value: string | undefined): string | undefined {
  return value === undefined || value === '' ? undefined : value;
}

/** The part of the settings that the environment sets; `variables` has a variable's name where the setting goes. */
function fromEnvironment(variables: Tree, env: NodeJS.ProcessEnv): Tree {
  const settings: Tree = {};
  for (const [name, variable] of Object.entries(variables)) {
    const value = isTree(variable) ? fromEnvironment(variable, env) : given(env[String(variable)]);
    if (value !== undefined) settings[name] = value;
  }
  return settings;
}

function merge(base: Tree, override: Tree): Tree {
  const merged = { ...base };
  for (const [name, value] of Object.entries(override)) {
    const existing = merged[name];
    merged[name] = isTree(value) ? merge(isTree(existing) ? existing : {}, value) : value;
  }
  return merged;
}

function isTree(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** "http.port (PORT) is "eighty": must be a whole number from 0 to 65535" */
function describe(issue: z.core.$ZodIssue, settings: Tree, variables: Tree): string[] {
  const path = issue.path.map(String);
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => `${[...path, key].join('.')} is set: there is no such setting`);
  }
  const name = path.join('.');
  const problem = issue.message.replace(SETTING_NAME, (other) => labelOf(other, variables));
  return [`${labelOf(name, variables)} ${state(name, lookUp(settings, path))}: ${problem}`];
}

/** "http.port (PORT)"; as it is what no variable sets. */
function labelOf(name: string, variables: Tree): string {
  const variable = lookUp(variables, name.split('.'));
  return typeof variable === 'string' ? `${name} (${variable})` : name;
}

function state(name: string, value: unknown): string {
  if (value === undefined || isTree(value)) return 'is missing';
  return SECRET_SETTINGS.has(name) ? 'is not valid' : `is ${JSON.stringify(value)}`;
}

function lookUp(tree: Tree, path: string[]): unknown {
  return path.reduce<unknown>((node, name) => (isTree(node) ? node[name] : undefined), tree);
}

function deepFreeze<T extends object>(value: T): T {
  for (const child of Object.values(value)) {
    if (typeof child === 'object' && child !== null) deepFreeze(child);
  }
  return Object.freeze(value);
}
