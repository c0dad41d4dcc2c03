import { type Call, type Connection, type Node, type Reply, ServiceError } from '@tenon/contract';
import { LocalCall } from './local-call.js';
import type { LocalServices } from './local-services.js';
import type { Passage } from './passage.js';

/** The way to the services of the same app. It needs no socket and is never closed: it ends with its server. */
export class LocalConnection implements Pick<Connection, 'unary' | 'stream'> {
  readonly #services: LocalServices;
  readonly #node: Node;
  readonly #passage: Passage;

  constructor(services: LocalServices, node: Node, passage: Passage) {
    this.#services = services;
    this.#node = node;
    this.#passage = passage;
  }

  unary(call: Call): Promise<Reply> {
    return this.stream(call);
  }

  stream(call: Call): Promise<Reply> {
    const { handler } = this.#services;
    if (handler !== undefined) return new LocalCall(call, this.#node.id, this.#passage).run(handler);
    return Promise.reject(new ServiceError('Unavailable', 'the server of this app has stopped', { executed: 'no' }));
  }
}
