/** The app under load: the given one, the one that runs, or one that is started and stopped again. */
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { join, relative } from 'node:path';
import { appProfile, readAppConfig } from '../services/app-config.mjs';
import { endApp, isLive, localAddress, spawnApp, waitUntilReady } from '../services/app-process.mjs';
import { ensureBuilt } from '../services/build.mjs';
import { freePort } from '../services/free-port.mjs';
import { checkGivenServers } from '../services/given-servers.mjs';
import { loadTestProfile, localProfile } from '../services/profile.mjs';
import { projectDir } from '../services/project.mjs';
import { provision, shutDown, status } from '../services/provision.mjs';
import { givenServer } from '../services/service-kinds.mjs';
import { cleanUp, cleanUpDeadRuns } from '../services/test-run.mjs';
import { RESULTS_DIR } from './k6-runs.mjs';

/** @import { Say } from '../services/messages.mjs' */
/** @import { Services } from '../services/provision.mjs' */

/**
 * Without `services` where somebody else has started it. `log`: of one that we have started.
 * @typedef {{ url: string, services: Services | null, log: string | null }} App
 */

const USUAL_PORT = 8080;

export class Target {
  /** What has been started, in the order in which it is to be stopped. @type {Array<() => Promise<unknown>>} */
  #stops = [];
  #say;

  /** @param {Say} say */
  constructor(say) {
    this.#say = say;
  }

  /** A fresh one has servers of its own, whatever runs. @type {(isFresh: boolean) => Promise<App>} */
  async choose(isFresh) {
    const { BASE_URL, PORT } = process.env;
    if (BASE_URL) {
      if (isFresh)
        throw new Error('BASE_URL names an app that runs, and --fresh wants a new one: leave one of them out');
      return await this.#given(BASE_URL);
    }
    if (isFresh) refuseGivenServers();
    const port = Number(PORT || USUAL_PORT);
    if (!isFresh && (await isLive(localAddress(port)))) {
      this.#say(`The app under load is the one on port ${port}`);
      return { url: localAddress(port), services: null, log: null };
    }
    return await this.#started(isFresh);
  }

  /** Stops what was started; what ran before stays. */
  async stop() {
    for (const stop of this.#stops.splice(0)) await stop();
  }

  /** @type {(url: string) => Promise<App>} */
  async #given(url) {
    const base = url.replace(/\/+$/, '');
    if (!URL.canParse(base)) throw new Error(`BASE_URL must be an address such as http://localhost:8080, not "${url}"`);
    if (!(await isLive(base))) throw new Error(`No app answers ${base}/health/live (BASE_URL)`);
    return { url: base, services: null, log: null };
  }

  /** @type {(isFresh: boolean) => Promise<App>} */
  async #started(isFresh) {
    const profile = appProfile();
    await ensureBuilt(this.#say);
    const config = await readAppConfig(profile);
    await checkGivenServers(config);
    const services = await this.#services(isFresh);
    const port = await freePort();
    mkdirSync(RESULTS_DIR, { recursive: true });
    const log = join(RESULTS_DIR, 'app.log');
    const output = openSync(log, 'w');
    const child = spawnApp({ port, profile, services, output });
    closeSync(output);
    this.#stops.unshift(() => endApp(child));
    const logName = relative(projectDir, log);
    const url = localAddress(port, config.http.host);
    if (!(await waitUntilReady(url, child, this.#say)))
      throw new Error(`The app ended at its start; its output is in ${logName}`);
    this.#say(`The app under load was started for it: ${url}`);
    return { url, services, log: logName };
  }

  /** @param {boolean} isFresh */
  async #services(isFresh) {
    const profile = isFresh ? loadTestProfile() : localProfile();
    if (isFresh) {
      await cleanUpDeadRuns(profile);
      this.#stops.unshift(() => cleanUp(profile));
    } else {
      const before = await status(profile);
      if (before.redis === null && before.mysql === null) this.#stops.unshift(() => shutDown(profile));
    }
    return await provision(profile, this.#say);
  }
}

/** The services would rather take a server that is given than start one. */
function refuseGivenServers() {
  const given = givenServer();
  if (given)
    throw new Error(`--fresh fills servers of its own and throws them away; unset ${given}, or leave --fresh out`);
}
