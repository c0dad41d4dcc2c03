import { backEnds, connected } from './back-end.js';
import { recordOf } from './record.js';

// A process that registers one node and stays until it is killed. Arguments: the back end, where it is, the node's id, its time to live.

const [name = '', where = '', id = '', ttlMs = ''] = process.argv.slice(2);
const module = (await backEnds()).get(name);
if (module === undefined) throw new Error(`there is no back end ${name}`);
const registry = await connected(module, JSON.parse(where));
await registry.register(recordOf('greeter', id), { ttlMs: Number(ttlMs) });
process.send?.('registered');
process.once('disconnect', () => process.exit(1));
