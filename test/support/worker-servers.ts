/** Setup of Jest: the servers of the worker that runs this test file, of those that `npm test` has started. */
const servers = JSON.parse(process.env['FIRSTCOME_TEST_SERVERS'] ?? '[]') as ReadonlyArray<Record<string, string>>;
const worker = process.env['JEST_WORKER_ID'] ?? '1';
const own = servers[Number(worker) - 1];
if (own === undefined) throw new Error(`Jest's worker ${worker} has no servers; start the tests with \`npm test\``);
Object.assign(process.env, own);
