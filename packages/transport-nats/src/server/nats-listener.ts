import type { NatsConnection, Subscription } from '@nats-io/transport-node';
import type { Listener, Metadata } from '@tenon/contract';
import { listen } from '../listen.js';
import type { MicroEar } from '../micro/micro-ear.js';
import { subjectKey } from '../node-subject.js';
import type { NodeEar } from './node-ear.js';

interface NatsListenerParts {
  readonly subject: string;
  readonly node: NodeEar;
  /** Undefined where strangers may not call. */
  readonly micro: MicroEar | undefined;
  /** Resolves once the server has taken all that was said, or cannot be waited for any longer. */
  readonly flush: () => Promise<void>;
  /** Hears of the end, once. */
  readonly ended: () => void;
}

/** The answering side of one instance: its own subject, and those of its services. */
export class NatsListener implements Listener {
  readonly address: string;
  readonly metadata: Metadata;
  readonly #parts: NatsListenerParts;
  #subscription: Subscription | undefined;
  #isClosed = false;

  constructor(parts: NatsListenerParts) {
    this.#parts = parts;
    this.address = `nats:${parts.subject}`;
    this.metadata = Object.freeze({ [subjectKey]: parts.subject });
  }

  /** Begins to listen, on every new connection again. */
  linkUp(connection: NatsConnection): void {
    const { subject, node, micro } = this.#parts;
    this.#subscription = listen(connection, subject, (message) => node.receive(message));
    micro?.subscribe(connection);
  }

  linkLost(): void {
    this.#parts.node.linkLost();
    this.#parts.micro?.abandonAll('the connection to NATS broke');
  }

  async drain(signal: AbortSignal): Promise<void> {
    const { node, micro } = this.#parts;
    const cancelRest = () => {
      node.abandonAll('the server stopped before it answered');
      micro?.abandonAll('the server stopped before it answered');
    };
    node.leave();
    const left = micro?.leave();
    if (signal.aborted) cancelRest();
    signal.addEventListener('abort', cancelRest, { once: true });
    try {
      await untilAborted(signal, left);
      await Promise.all([node.idle(), micro?.idle()]);
    } finally {
      signal.removeEventListener('abort', cancelRest);
    }
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    const { node, micro, flush, ended } = this.#parts;
    node.close();
    micro?.close();
    this.#subscription?.unsubscribe();
    await flush();
    ended();
  }
}

/** A server that does not answer must not hold up a drain that was cut short. */
async function untilAborted(signal: AbortSignal, work: Promise<void> | undefined): Promise<void> {
  if (work === undefined || signal.aborted) return;
  let onAbort = (): void => {};
  const aborted = new Promise<void>((resolve) => {
    onAbort = resolve;
  });
  signal.addEventListener('abort', onAbort, { once: true });
  await Promise.race([work, aborted]);
  signal.removeEventListener('abort', onAbort);
}
