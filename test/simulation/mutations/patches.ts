import type { RedisScripts } from '../../../src/platform/redis/redis-scripts.js';
import type { Token } from '../instance/container.js';
import type { SimulatedInstance } from '../instance/simulated-instance.js';

type ScriptPatch = (scripts: RedisScripts) => RedisScripts;

/** The names of the methods that can be called from outside. */
type MethodName<T> = { [Name in keyof T]: T[Name] extends (...args: never[]) => unknown ? Name : never }[keyof T] &
  string;

/**
 * Puts another text in the place of one in a script, of which its includes are a part.
 *
 * @throws Error when the script does not have the text, or has it twice: the patch means another script
 */
export function inScript(name: string, text: string, replacement: string): ScriptPatch {
  return (scripts) => {
    const script = scripts[name];
    if (script === undefined) throw new Error(`there is no script ${name}`);
    const [before, after, ...more] = script.lua.split(text);
    if (before === undefined || after === undefined || more.length > 0) {
      throw new Error(`the script ${name} does not have this text once: ${text}`);
    }
    return { ...scripts, [name]: { ...script, lua: before + replacement + after } };
  };
}

/** As {@link inScript}, in every script that has the text. @throws Error when none has it */
export function inAllScripts(text: string, replacement: string): ScriptPatch {
  return (scripts) => {
    const names = Object.keys(scripts).filter((name) => scripts[name]?.lua.includes(text));
    if (names.length === 0) throw new Error(`no script has this text: ${text}`);
    return names.reduce((patched, name) => inScript(name, text, replacement)(patched), scripts);
  };
}

/** One patch after the other. */
export function together(...patches: readonly ScriptPatch[]): ScriptPatch {
  return (scripts) => patches.reduce((patched, patch) => patch(patched), scripts);
}

/** Puts a method in the place of one of a provider; it is given the one that was there. */
export function replaceMethod<T extends object, Name extends MethodName<T>>(
  instance: SimulatedInstance,
  token: Token<T>,
  name: Name,
  replacement: (original: T[Name]) => T[Name],
): void {
  replaceIn(instance.get(token), name, replacement);
}

/** As {@link replaceMethod}, for a private method, whose type the caller knows. */
export function replacePrivate<Method extends (...args: never[]) => unknown>(
  instance: SimulatedInstance,
  token: Token<object>,
  name: string,
  replacement: (original: Method) => Method,
): void {
  replaceIn(instance.get(token), name, replacement);
}

/**
 * As {@link replacePrivate}, of what is no provider.
 *
 * @throws Error when there is no such method: it has another name by now
 */
export function replaceIn<Method>(provider: object, name: string, replacement: (original: Method) => Method): void {
  const original = (provider as Record<string, unknown>)[name];
  if (typeof original !== 'function') throw new Error(`${provider.constructor.name} has no method ${name}`);
  Object.assign(provider, { [name]: replacement(original.bind(provider) as Method) });
}
