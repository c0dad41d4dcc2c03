import { connect as connectTo } from '@nats-io/transport-node';
import { Packr, Unpackr } from 'msgpackr';

// NATS request and reply without a framework: nc.request with MessagePack, one subscription that answers.

export const needsNats = true;

const packr = new Packr({ useRecords: false });
const unpackr = new Unpackr({ useRecords: false });

export async function serve(handlers, { nats }) {
  const connection = await connectTo({ servers: nats });
  const answerBy = (handler) => ({
    callback: (_error, message) => message.respond(packr.pack(handler(unpackr.unpack(message.data)))),
  });
  connection.subscribe('echo.small', answerBy(handlers.small));
  connection.subscribe('echo.records', answerBy(handlers.records));
  await connection.flush();
  return { address: nats, close: () => connection.close() };
}

export async function connect(address) {
  const connection = await connectTo({ servers: address });
  const request = (subject) => async (value) =>
    unpackr.unpack((await connection.request(subject, packr.pack(value), { timeout: 10_000 })).data);
  return { small: request('echo.small'), records: request('echo.records'), close: () => connection.close() };
}
