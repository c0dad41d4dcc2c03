import { connect } from '@nats-io/transport-node';
import { Packr, Unpackr } from 'msgpackr';

// NATS without a framework: MessagePack, one subscription with a callback.

const packr = new Packr({ useRecords: false });
const unpackr = new Unpackr({ useRecords: false });

export async function receive({ nats, topic }, seen) {
  const connection = await connect({ servers: nats });
  connection.subscribe(topic, { callback: (_error, message) => seen(unpackr.unpack(message.data)) });
  await connection.flush();
  return { close: () => connection.close() };
}

export async function send({ nats, topic }) {
  const connection = await connect({ servers: nats });
  return {
    publish: (sample) => void connection.publish(topic, packr.pack(sample)),
    close: () => connection.close(),
  };
}
