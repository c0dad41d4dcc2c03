import { type Call, type Candidate, type Filter, type Node, type ReplyListener, ServiceError } from '@tenon/contract';
import { LocalCall } from './local-call.js';
import type { LocalServices } from './local-services.js';
import type { Passage } from './passage.js';

/**
 * The way from the client of an app to the services of the same app. It needs no socket and is never closed: it ends with
 * its server.
 */
export class LocalConnection {
  readonly #services: LocalServices;
  readonly #passage: Passage;

  constructor(services: LocalServices, passage: Passage) {
    this.#services = services;
    this.#passage = passage;
  }

  /** This app's own node of a service, as {@link LocalServices.candidate} says. */
  candidate(service: string, filters: readonly Filter[] | undefined): Candidate | undefined {
    return this.#services.candidate(service, filters);
  }

  /**
   * Carries a call of any kind, as `Connection.send` does.
   *
   * @param now - in milliseconds of `Clock.now()`; the caller has just asked for it.
   */
  send(call: Call, node: Node, now: number, listener: ReplyListener): void {
    const { handler } = this.#services;
    if (handler !== undefined) new LocalCall(call, node.id, this.#passage, listener).run(handler, now);
    else listener.onFailure(new ServiceError('Unavailable', 'the server of this app has stopped', { executed: 'no' }));
  }
}
