import { freePort } from './free-port.mjs';
import { addService, brokerOf, callsOf } from './moleculer/broker.mjs';

// Moleculer over its own TCP transporter. Both sides know each other by address: no UDP discovery.

export async function serve(handlers) {
  const [serverPort, clientPort] = [await freePort(), await freePort()];
  const broker = brokerOf('server', transporterOf(serverPort, { serverPort, clientPort }));
  addService(broker, handlers);
  await broker.start();
  return { address: JSON.stringify({ serverPort, clientPort }), close: () => broker.stop() };
}

export async function connect(address) {
  const ports = JSON.parse(address);
  const broker = brokerOf('client', transporterOf(ports.clientPort, ports));
  await broker.start();
  return callsOf(broker);
}

function transporterOf(port, { serverPort, clientPort }) {
  const urls = [`tcp://127.0.0.1:${serverPort}/server`, `tcp://127.0.0.1:${clientPort}/client`];
  return { type: 'TCP', options: { udpDiscovery: false, port, urls } };
}
