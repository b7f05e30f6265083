import { readFileSync } from 'node:fs';

const INCLUDE = /^--- @include "([\w/.-]+)"$/gm;

/** Lua scripts, by the name under which a client has each as a command. */
export type RedisScripts = Readonly<Record<string, { readonly lua: string; readonly numberOfKeys: number }>>;

type ScriptFiles = Readonly<Record<string, { readonly file: string; readonly numberOfKeys: number }>>;

/** The scripts in files beside the calling module, which says where it is by `import.meta.url`. */
export function loadScripts(moduleUrl: string, files: ScriptFiles): RedisScripts {
  return Object.fromEntries(
    Object.entries(files).map(([name, { file, numberOfKeys }]) => [
      name,
      { lua: loadScript(moduleUrl, file), numberOfKeys },
    ]),
  );
}

/**
 * The text of one script. A line `--- @include "loaded.lua"` is replaced by that file, named from its folder, in which
 * such lines are replaced as well.
 */
export function loadScript(moduleUrl: string, file: string): string {
  const url = new URL(file, moduleUrl);
  return readFileSync(url, 'utf8').replace(INCLUDE, (_line, name: string) => loadScript(url.href, name));
}
