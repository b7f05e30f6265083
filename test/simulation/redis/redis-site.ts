import type { RedisScripts } from '../../../src/platform/redis/redis-scripts.js';
import type { Strikes } from '../world/strikes.js';
import type { World } from '../world/world.js';
import type { KeyspaceContents, Reply } from './keyspace.js';
import type { CompiledScript, Lua } from './lua.js';
import { RedisProcess } from './redis-process.js';
import type { SimulatedRedisClient } from './redis-client.js';

/** A script that is about to be carried out. */
export interface ScriptCall {
  readonly name: string;
  readonly keys: readonly string[];
  readonly args: readonly string[];
  readonly process: RedisProcess;
}

/** What watches the scripts: told before each one, it may answer who wants to know its outcome. */
export type ScriptWatch = (call: ScriptCall) => ((reply: Reply) => void) | undefined;

/** Every history has the same scripts, but for those that a mutation changes. */
const compiled = new WeakMap<Lua, Map<string, CompiledScript>>();

function compiledBy(lua: Lua, source: string, name: string): CompiledScript {
  const known = compiled.get(lua) ?? new Map<string, CompiledScript>();
  compiled.set(lua, known);
  const script = known.get(source) ?? lua.compile(source, name);
  known.set(source, script);
  return script;
}

/** An address under which clients find a Redis, and whatever process is behind it now. */
export class RedisSite {
  process: RedisProcess;
  /** False while nothing listens there. */
  isReachable = true;
  readonly clients = new Set<SimulatedRedisClient>();
  watch: ScriptWatch = () => undefined;
  private readonly compiled = new Map<string, { script: CompiledScript; numberOfKeys: number }>();
  private processes = 0;

  constructor(
    private readonly world: World,
    private readonly lua: Lua,
    scripts: RedisScripts,
    readonly strikes: Strikes,
  ) {
    for (const [name, { lua: source, numberOfKeys }] of Object.entries(scripts)) {
      this.compiled.set(name, { script: compiledBy(lua, source, name), numberOfKeys });
    }
    this.process = this.newProcess('history1');
  }

  get scriptNames(): Iterable<string> {
    return this.compiled.keys();
  }

  /** Another process comes up with these contents in place of the one that is there. */
  replace(contents: KeyspaceContents, replicationId: string): RedisProcess {
    const before = this.process;
    this.process = this.newProcess(replicationId, contents);
    this.process.clockOffsetMs = before.clockOffsetMs;
    return before;
  }

  /** Runs one of the scripts in a process. @throws RedisReplyError */
  runScript(process: RedisProcess, name: string, keysAndArgs: readonly string[]): Reply {
    const known = this.compiled.get(name);
    if (known === undefined) throw new Error(`no script ${name}`);
    const keys = keysAndArgs.slice(0, known.numberOfKeys);
    const args = keysAndArgs.slice(known.numberOfKeys);
    const told = this.watch({ name, keys, args, process });
    const reply = this.lua.run(known.script, keys, args, process.keyspace);
    told?.(reply);
    return reply;
  }

  /** Breaks every connection to the process that is there. */
  dropClients(): void {
    for (const client of this.clients) client.breakConnection();
  }

  private newProcess(replicationId: string, contents?: KeyspaceContents): RedisProcess {
    this.processes += 1;
    return new RedisProcess(this.world, `redis${this.processes}`, `run${this.processes}`, replicationId, contents);
  }
}
