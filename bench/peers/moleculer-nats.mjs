import { addService, brokerOf, callsOf } from './moleculer/broker.mjs';

// Moleculer over NATS.

export const needsNats = true;

export async function serve(handlers, { nats }) {
  const broker = brokerOf('server', nats);
  addService(broker, handlers);
  await broker.start();
  return { address: nats, close: () => broker.stop() };
}

export async function connect(address) {
  const broker = brokerOf('client', address);
  await broker.start();
  return callsOf(broker);
}
