import { SimulatedInstance, type Surroundings } from '../instance/simulated-instance.js';
import type { Chance } from '../world/chance.js';
import type { World } from '../world/world.js';
import { seconds } from './seconds.js';

/** After a stop in order, until the process is gone at the latest. */
const STOP_MS = 5000;
/** Until a process is there in the place of one that has ended. */
const RESTART_MS = 1000;

/** Called with each instance before it starts: a mutation changes it there. */
export type Patch = (instance: SimulatedInstance) => void;

/** The instances of the application that run, and what happens to their processes. */
export class Instances {
  private readonly running: SimulatedInstance[] = [];
  private readonly world: World;
  private started = 0;

  constructor(
    private readonly surroundings: Surroundings,
    private readonly patch: Patch,
  ) {
    this.world = surroundings.world;
  }

  /** Those whose process runs, frozen or not. */
  get all(): readonly SimulatedInstance[] {
    return this.running;
  }

  start(): void {
    this.started += 1;
    const instance = new SimulatedInstance(`i${this.started}`, this.surroundings);
    this.patch(instance);
    this.running.push(instance);
    this.world.tell(`${instance.name} starts`);
    this.world.after(0, 'start', () => void instance.start(), instance);
    this.world.party = undefined;
  }

  /** One of them, as a balancer would choose; undefined when none runs. */
  any(chance: Chance): SimulatedInstance | undefined {
    return this.running.length === 0 ? undefined : chance.pick(this.running);
  }

  /** The one of this number, counted around. */
  which(number: number): SimulatedInstance | undefined {
    return this.running[number % Math.max(1, this.running.length)];
  }

  /** Its process ends at once; with its host nobody is told. Another one starts later. */
  crash(instance: SimulatedInstance, { restartMs = RESTART_MS, isHost = false } = {}): void {
    if (instance.isDead) return;
    this.world.tell(`${instance.name} ${isHost ? 'vanishes with its host' : 'is killed'}`);
    if (isHost) instance.vanish();
    else instance.die();
    this.remove(instance);
    this.startLater(restartMs);
  }

  /** It gets SIGTERM: it ends in order, unless that takes too long. */
  stop(instance: SimulatedInstance): void {
    this.world.tell(`${instance.name} is stopped`);
    this.remove(instance);
    const end = (): void => {
      if (instance.isDead) return;
      this.world.tell(`${instance.name} has ended`);
      instance.die();
    };
    this.world.after(0, 'SIGTERM', () => void instance.stop().then(end), instance);
    this.world.after(STOP_MS, 'SIGKILL', end, undefined);
    this.startLater(RESTART_MS);
  }

  freeze(instance: SimulatedInstance, ms: number): void {
    this.world.tell(`${instance.name} is frozen for ${seconds(ms)}`);
    instance.frozenUntil = Math.max(instance.frozenUntil, this.world.now + ms);
  }

  private startLater(ms: number): void {
    this.world.after(ms, 'restart', () => this.start(), undefined);
  }

  private remove(instance: SimulatedInstance): void {
    const index = this.running.indexOf(instance);
    if (index >= 0) this.running.splice(index, 1);
  }
}
