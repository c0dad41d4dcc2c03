import type { Clock, Logger } from '@tenon/contract';
import { type DialServer, inTime, type LinkedSession, untilAborted } from '@tenon/contract/authoring';
import { type ChannelModel, connect, type SocketOptions } from 'amqplib';
import { declareExchanges } from './layout.js';
import { rabbitmqError } from './rabbitmq-error.js';
import type { RabbitmqServerAddress, ResolvedRabbitmqOptions } from './rabbitmq-options.js';

/**
 * Two connections to one server, from the moment they work until one of them is lost or closed. Two, because RabbitMQ stops reading from
 * connections that publish while it is short of memory or disk: acknowledgements, which make room, must not stand behind messages.
 */
export interface Session extends LinkedSession {
  readonly publishing: ChannelModel;
  readonly consuming: ChannelModel;
}

/**
 * Dials with the stock client, whose own reconnecting stays off: it would keep neither our order nor our bounds. A session has the exchanges in
 * place.
 */
export function rabbitmqDial(
  options: ResolvedRabbitmqOptions,
  logger: Logger,
  clock: Clock,
): DialServer<Session, RabbitmqServerAddress> {
  return async ({ host, port = options.tls === undefined ? 5_672 : 5_671 }, { timeoutMs, signal }) => {
    const server = `${host.includes(':') ? `[${host}]` : host}:${port}`;
    // Destroys the sockets, whatever the client is at.
    const cut = new AbortController();
    const opened = openBoth(host, port, options, cut.signal, server, logger);
    try {
      // The client's own timeouts are of silence alone.
      const [publishing, consuming] = await untilAborted(inTime(opened, timeoutMs, clock), signal);
      return sessionOf(server, publishing, consuming, cut, clock);
    } catch (failure) {
      cut.abort();
      opened.catch(() => {});
      throw rabbitmqError(failure, `cannot connect to RabbitMQ at ${server}`, { executed: 'no' });
    }
  };
}

async function openBoth(
  host: string,
  port: number,
  options: ResolvedRabbitmqOptions,
  signal: AbortSignal,
  server: string,
  logger: Logger,
): Promise<readonly [ChannelModel, ChannelModel]> {
  const open = async (use: string): Promise<ChannelModel> => {
    const socketOptions = {
      ...options.tls,
      noDelay: true,
      signal,
      clientProperties: { connection_name: `${options.name} (${use})` },
    } as SocketOptions;
    const { username, password, vhost, heartbeatMs } = options;
    const protocol = options.tls === undefined ? 'amqp' : 'amqps';
    const heartbeat = Math.ceil(heartbeatMs / 1_000);
    const address = {
      protocol,
      hostname: host,
      port,
      username,
      password,
      // The client decodes it as a part of a URL.
      vhost: encodeURIComponent(vhost),
      heartbeat,
    };
    const model = await connect(address, socketOptions);
    // Without a listener an error would end the process.
    model.on('error', (error: Error) => logger.warn('RabbitMQ ends a connection', { server, error: error.message }));
    return model;
  };
  const both = await Promise.all([open('publishing'), open('consuming')]);
  const channel = await both[0].createChannel();
  channel.on('error', () => {});
  await declareExchanges(channel, options);
  await channel.close();
  return both;
}

function sessionOf(
  server: string,
  publishing: ChannelModel,
  consuming: ChannelModel,
  cut: AbortController,
  clock: Clock,
): Session {
  const ends = [publishing, consuming].map(
    (model) => new Promise<void>((resolve) => model.on('close', () => resolve())),
  );
  // A connection that is lost half is lost: its other half would wait for what does not come.
  const ended = Promise.race(ends).then(() => cut.abort());
  return {
    server,
    publishing,
    consuming,
    ended,
    async close() {
      const closing = Promise.all([publishing, consuming].map((model) => model.close().catch(() => {})));
      let cancel = (): void => {};
      const late = new Promise<void>((resolve) => {
        cancel = clock.after(closingMs, resolve);
      });
      await Promise.race([closing, late, ended]);
      cancel();
      cut.abort();
    },
  };
}

/** A server that is alive answers in a round trip; one that is not must not hold up a shutdown. */
const closingMs = 1_000;
