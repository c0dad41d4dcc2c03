import { brokerOf } from '../moleculer/broker.mjs';

// Moleculer's events over NATS, emitted to one group.

export async function receive({ nats, topic }, seen) {
  const broker = brokerOf('receiver', nats);
  broker.createService({ name: 'listener', events: { [topic]: (context) => seen(context.params) } });
  await broker.start();
  return { close: () => broker.stop() };
}

export async function send({ nats, topic }) {
  const broker = brokerOf('sender', nats);
  await broker.start();
  await broker.waitForServices('listener', 10_000, 20);
  return {
    publish: (sample) => broker.emit(topic, sample),
    close: () => broker.stop(),
  };
}
