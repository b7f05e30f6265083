/** `node dist/main.js`: the application, on a Node.js that can load it. */
import './platform/node-version.js';

await import('./serve.js');
