/** The entry of `npm run simulate`. Time and chance are replaced before anything else is imported. */
import './world/real.js';
import { makeArrayFromFast } from './world/fast-array-from.js';
import { enter, replaceGlobals } from './world/replace-globals.js';
import { World } from './world/world.js';

replaceGlobals();
makeArrayFromFast();
// What is drawn, or begun, while the modules are loaded belongs to no history.
enter(new World(0));
const { simulate } = await import('./command/simulate.js');
process.exitCode = await simulate(process.argv.slice(2));
