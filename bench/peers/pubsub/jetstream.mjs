import { randomUUID } from 'node:crypto';
import {
  AckPolicy,
  DeliverPolicy,
  DiscardPolicy,
  jetstream,
  jetstreamManager,
  RetentionPolicy,
  StorageType,
} from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { Packr, Unpackr } from 'msgpackr';

// The stock client of JetStream: every acknowledgement awaited, explicit acknowledgements of what is consumed, and a stream
// that is made as Tenon makes its own.

const packr = new Packr({ useRecords: false });
const unpackr = new Unpackr({ useRecords: false });

export async function receive({ nats, topic, maxInFlight }, seen) {
  const connection = await connect({ servers: nats });
  const stream = await streamOf(connection, topic);
  const manager = await jetstreamManager(connection);
  const { name } = await manager.consumers.add(stream, {
    durable_name: `queue-${randomUUID()}`,
    filter_subject: topic,
    ack_policy: AckPolicy.Explicit,
    deliver_policy: DeliverPolicy.All,
    max_ack_pending: 65_536,
  });
  const consumer = await jetstream(connection).consumers.get(stream, name);
  const messages = await consumer.consume({
    max_messages: maxInFlight,
    callback: (message) => {
      seen(unpackr.unpack(message.data));
      message.ack();
    },
  });
  return { close: () => messages.close().then(() => connection.close()) };
}

export async function send({ nats, topic, metadata }) {
  const connection = await connect({ servers: nats });
  await streamOf(connection, topic);
  const client = jetstream(connection);
  // With metadata: with an id for each message too, by which the server knows a repetition.
  const options = () => (metadata === undefined ? {} : { msgID: randomUUID() });
  return {
    publish: (sample) => client.publish(topic, packr.pack(sample), options()),
    close: () => connection.close(),
  };
}

async function streamOf(connection, topic) {
  const [first] = topic.split('.');
  const manager = await jetstreamManager(connection);
  const { config } = await manager.streams.add({
    name: `TENON_${first}`,
    subjects: [first, `${first}.>`],
    storage: StorageType.File,
    retention: RetentionPolicy.Limits,
    num_replicas: 1,
    max_age: 7 * 24 * 3_600 * 1e9,
    discard: DiscardPolicy.New,
    duplicate_window: 120 * 1e9,
    allow_direct: true,
  });
  return config.name;
}
