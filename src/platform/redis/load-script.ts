import { readFileSync } from 'node:fs';

const INCLUDE = /^--- @include "([\w/.-]+)"$/gm;

/**
 * The text of a Lua script that stands beside the calling module: `loadScript(import.meta.url,
 * 'lua/reserve-coupon.lua')`. A line `--- @include "loaded.lua"` is replaced by the file of that name in the script's
 * folder.
 */
export function loadScript(moduleUrl: string, file: string): string {
  const url = new URL(file, moduleUrl);
  return readFileSync(url, 'utf8').replace(INCLUDE, (_line, name: string) => readFileSync(new URL(name, url), 'utf8'));
}
