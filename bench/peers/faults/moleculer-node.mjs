import { ServiceBroker } from 'moleculer';

// One node of a Moleculer service over NATS, with Moleculer's defaults but for its logger: it leaves at SIGTERM by itself.

let delayMs = 0;
process.on('message', (told) => {
  delayMs = told.delayMs;
});
process.on('disconnect', () => process.exit(0));

const [nats, nodeID] = process.argv.slice(2);
const broker = new ServiceBroker({ nodeID, transporter: nats, logger: false });
broker.createService({
  name: 'echo',
  actions: {
    small: ({ params }) => new Promise((resolve) => setTimeout(() => resolve(params), delayMs)),
  },
});
await broker.start();
process.send({ ready: 0 });
