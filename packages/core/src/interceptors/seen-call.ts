import type { EndpointKind, InterceptedCall, Metadata, Peer } from '@tenon/contract';

/** Where a call's signal comes from, when someone asks for it. */
export interface SignalSource {
  readonly signal: AbortSignal;
}

/** What {@link SeenCall} shows: the parts of an intercepted call that are there from the start. */
export type SeenFacts = Omit<InterceptedCall, 'signal'>;

/** A call or an event as its interceptors see it. Made only where there are interceptors. */
export class SeenCall implements InterceptedCall {
  readonly side: 'client' | 'server';
  readonly kind: EndpointKind | 'event';
  readonly service: string;
  readonly endpoint: string;
  readonly value: unknown;
  readonly messages: AsyncIterable<unknown> | undefined;
  readonly metadata: Metadata;
  readonly deadline: number;
  readonly peer: Peer | undefined;
  readonly #source: SignalSource;

  constructor(facts: SeenFacts, source: SignalSource) {
    this.side = facts.side;
    this.kind = facts.kind;
    this.service = facts.service;
    this.endpoint = facts.endpoint;
    this.value = facts.value;
    this.messages = facts.messages;
    this.metadata = facts.metadata;
    this.deadline = facts.deadline;
    this.peer = facts.peer;
    this.#source = source;
  }

  get signal(): AbortSignal {
    return this.#source.signal;
  }

  /** What an interceptor handed on: a copy of this call that it changed is given the signal that copying lost. */
  after(handedOn: InterceptedCall): SeenCall {
    return handedOn instanceof SeenCall ? handedOn : new SeenCall(handedOn, this.#source);
  }

  /** The same call once its request is there. */
  with(value: unknown, messages: AsyncIterable<unknown> | undefined): SeenCall {
    return new SeenCall({ ...this, value, messages }, this.#source);
  }
}
