import { ServiceBroker } from 'moleculer';
import { answerLoads } from './loads.mjs';

// The client of Moleculer nodes, with Moleculer's defaults but for its logger and a timeout, which it has none of.

const [nats] = process.argv.slice(2);
const broker = new ServiceBroker({ nodeID: 'caller', transporter: nats, logger: false });
await broker.start();
await broker.waitForServices('echo', 10_000, 20);
answerLoads((n) => broker.call('echo.small', { name: 'load', n }, { timeout: 2_000 }));
