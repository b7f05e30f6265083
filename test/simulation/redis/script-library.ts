import type { RedisScripts } from '../../../src/platform/redis/redis-scripts.js';
import type { Keyspace, Reply } from './keyspace.js';
import type { CompiledScript, Lua } from './lua.js';

/** Every history has the same scripts, but for those that a mutation changes. */
const compiled = new WeakMap<Lua, Map<string, CompiledScript>>();

function compiledBy(lua: Lua, source: string, name: string): CompiledScript {
  const known = compiled.get(lua) ?? new Map<string, CompiledScript>();
  compiled.set(lua, known);
  const script = known.get(source) ?? lua.compile(source, name);
  known.set(source, script);
  return script;
}

/** The scripts that every server of a history knows, by name. */
export class ScriptLibrary {
  private readonly scripts = new Map<string, { script: CompiledScript; numberOfKeys: number }>();

  constructor(
    private readonly lua: Lua,
    scripts: RedisScripts,
  ) {
    for (const [name, { lua: source, numberOfKeys }] of Object.entries(scripts)) {
      this.scripts.set(name, { script: compiledBy(lua, source, name), numberOfKeys });
    }
  }

  get names(): Iterable<string> {
    return this.scripts.keys();
  }

  /** What a client calls the script with: first its keys. */
  split(name: string, keysAndArgs: readonly string[]): { keys: readonly string[]; args: readonly string[] } {
    const { numberOfKeys } = this.known(name);
    return { keys: keysAndArgs.slice(0, numberOfKeys), args: keysAndArgs.slice(numberOfKeys) };
  }

  /** @throws RedisReplyError */
  run(name: string, keys: readonly string[], args: readonly string[], keyspace: Keyspace): Reply {
    return this.lua.run(this.known(name).script, keys, args, keyspace);
  }

  private known(name: string): { script: CompiledScript; numberOfKeys: number } {
    const known = this.scripts.get(name);
    if (known === undefined) throw new Error(`no script ${name}`);
    return known;
  }
}
