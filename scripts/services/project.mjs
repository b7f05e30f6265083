/** Where the project is, whatever the working directory. */
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The checkout: the directory of package.json. */
export const projectDir = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');

/** Data, logs and state of the servers that we start; elsewhere where the checkout cannot be written. */
export const servicesDir = resolve(process.env['FIRSTCOME_SERVICES_DIR'] || join(projectDir, '.services'));

/** Programs that are fetched once and kept. */
export const toolsDir = join(projectDir, '.tools');

/** Names the directory of a run to its tests, which put their own servers there, and marks what descends from the run. */
export const RUN_DIR_VARIABLE = 'FIRSTCOME_TEST_DIR';
