import { addService, brokerOf, callsOf } from './moleculer/broker.mjs';

// Moleculer's local call: service and caller in one broker.

export const inProcess = true;

let broker;

export async function serve(handlers) {
  broker = brokerOf('local', undefined);
  addService(broker, handlers);
  await broker.start();
  return { address: 'local', close: async () => undefined };
}

export const connect = () => callsOf(broker);
