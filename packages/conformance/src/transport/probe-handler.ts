import {
  type CallHandler,
  type EndpointKind,
  type IncomingCall,
  noMetadata,
  type Reply,
  type ServedCall,
  ServiceError,
} from '@tenon/contract';

/**
 * What the server of a case does with the calls to one endpoint. What it returns at once is answered before
 * `CallHandler.handle` returns, a promise later.
 */
export type Answer = (call: IncomingCall) => Reply | Promise<Reply>;

/** `echo` → `Probe.Echo`. */
export function endpointName(endpoint: string): string {
  return `Probe.${endpoint.charAt(0).toUpperCase()}${endpoint.slice(1)}`;
}

/** The server of a case. Two endpoints are always there: `echo`, and `hold`, which answers when it is released. */
export class ProbeHandler implements CallHandler {
  readonly received: IncomingCall[] = [];
  readonly cancels: ServiceError[] = [];
  readonly #endpoints = new Map<string, { readonly kind: EndpointKind; readonly answer: Answer }>();
  #held: (() => void)[] = [];
  holding = 0;

  constructor(answers: Readonly<Record<string, Answer>>) {
    const all: Record<string, Answer> = { echo, hold: () => this.#hold(), ...answers };
    for (const [endpoint, answer] of Object.entries(all)) this.serve(endpoint, 'unary', answer);
  }

  serve(endpoint: string, kind: EndpointKind, answer: Answer): void {
    this.#endpoints.set(endpointName(endpoint), { kind, answer });
  }

  handle(call: IncomingCall): ServedCall {
    this.received.push(call);
    try {
      const reply = this.#answerOf(call);
      if (reply instanceof Promise) reply.then(call.reply.bind(call), (thrown) => call.fail(ServiceError.from(thrown)));
      else call.reply(reply);
    } catch (thrown) {
      call.fail(ServiceError.from(thrown));
    }
    return { cancel: (reason) => this.cancels.push(reason) };
  }

  refusal(service: string): ServiceError | undefined {
    if (service === 'probe' || service === '') return undefined;
    return new ServiceError('Unimplemented', `there is no service ${service}`, { executed: 'no' });
  }

  kindOf(_service: string, endpoint: string): EndpointKind | undefined {
    return this.#endpoints.get(endpoint)?.kind;
  }

  releaseAll(): void {
    for (const release of this.#held.splice(0)) release();
  }

  #answerOf(call: IncomingCall): Reply | Promise<Reply> {
    const refusal = this.refusal(call.service);
    if (refusal !== undefined) throw refusal;
    const endpoint = this.#endpoints.get(call.endpoint);
    if (endpoint !== undefined) return endpoint.answer(call);
    throw new ServiceError('Unimplemented', `there is no endpoint ${call.endpoint}`, { executed: 'no' });
  }

  async #hold(): Promise<Reply> {
    this.holding += 1;
    await new Promise<void>((resolve) => this.#held.push(resolve));
    return { value: 'held', metadata: noMetadata };
  }
}

/** Sends back the value, and the metadata whose keys begin with `echo-`. */
const echo: Answer = (call) => ({
  value: call.decode(),
  metadata: Object.fromEntries(Object.entries(call.metadata).filter(([key]) => key.startsWith('echo-'))),
});
