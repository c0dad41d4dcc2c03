import { type Call, type Connection, type Node, type Reply, type ReplyListener, ServiceError } from '@tenon/contract';
import { LocalCall } from './local-call.js';
import type { LocalServices } from './local-services.js';
import type { Passage } from './passage.js';

/** The way to the services of the same app. It needs no socket and is never closed: it ends with its server. */
export class LocalConnection implements Required<Pick<Connection, 'unary' | 'send' | 'stream'>> {
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
    return new Promise((onReply, onFailure) => this.send(call, { onReply, onFailure }));
  }

  send(call: Call, listener: ReplyListener): void {
    const { handler } = this.#services;
    if (handler !== undefined) new LocalCall(call, this.#node.id, this.#passage, listener).run(handler);
    else listener.onFailure(new ServiceError('Unavailable', 'the server of this app has stopped', { executed: 'no' }));
  }
}
