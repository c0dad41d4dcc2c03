import { once } from 'node:events';
import { connect } from 'node:net';

/** What JetStream says of a consumer. */
export interface ConsumerFacts {
  /** Everything up to this place of the stream was acknowledged. */
  readonly acknowledged: number;
  readonly unacknowledged: number;
  readonly waiting: number;
}

/** Asks a nats-server of the lab past every client: the stream of a topic's first token, and its first consumer. */
export async function consumerFacts(address: string, stream: string): Promise<ConsumerFacts> {
  const { consumers } = (await asked(address, `CONSUMER.LIST.${stream}`)) as {
    readonly consumers: readonly RawConsumer[];
  };
  const [first] = consumers;
  if (first === undefined) throw new Error(`${stream} has no consumer`);
  const { ack_floor, num_ack_pending, num_pending } = first;
  return { acknowledged: ack_floor.stream_seq, unacknowledged: num_ack_pending, waiting: num_pending };
}

/** How many messages a stream keeps. */
export async function kept(address: string, stream: string): Promise<number> {
  const { state } = (await asked(address, `STREAM.INFO.${stream}`)) as {
    readonly state: { readonly messages: number };
  };
  return state.messages;
}

interface RawConsumer {
  readonly ack_floor: { readonly stream_seq: number };
  readonly num_ack_pending: number;
  readonly num_pending: number;
}

/** One question of JetStream's API over a connection of its own. */
async function asked(address: string, question: string): Promise<unknown> {
  const [host = '', port] = address.split(':');
  const socket = connect({ host, port: Number(port) });
  const late = setTimeout(() => socket.destroy(new Error(`${question}: no answer within 5 s`)), 5_000);
  try {
    await once(socket, 'connect');
    socket.write(
      `CONNECT {"verbose":false,"pedantic":false}\r\nSUB lab.answer 1\r\nPUB $JS.API.${question} lab.answer 0\r\n\r\n`,
    );
    let said = '';
    for await (const chunk of socket) {
      said += (chunk as Buffer).toString('latin1');
      const found = /MSG lab\.answer 1 (\d+)\r\n/.exec(said);
      if (found === null) continue;
      const from = found.index + found[0].length;
      const bytes = Number(found[1]);
      if (said.length >= from + bytes) return JSON.parse(said.slice(from, from + bytes)) as unknown;
    }
    throw new Error(`${question}: the server hung up`);
  } finally {
    clearTimeout(late);
    socket.destroy();
  }
}
