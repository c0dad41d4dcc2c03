import assert from 'node:assert/strict';
import { type EndpointKind, noMetadata, type Reply } from '@tenon/contract';
import { rejectsWith } from '../../rejects-with.js';
import type { ConformanceCase } from '../../suite.js';
import type { TransportFixture } from '../fixture.js';
import { type Probe, withProbe } from '../probe.js';
import type { MessageSource } from './message-source.js';

/** The kinds that stream. */
export type StreamKind = Exclude<EndpointKind, 'unary'>;

/** What a stream case works with. */
export interface StreamStage {
  readonly kind: StreamKind;
  readonly probe: Probe;
  readonly fixture: TransportFixture;
}

/** What a transport promises for streams, of each kind to which it applies. */
export interface StreamPromise {
  /** Goes on where `bidi stream: ` ends, and makes the name of a case with it. */
  readonly sentence: string;
  readonly kinds: readonly StreamKind[];
  run(stage: StreamStage): Promise<void>;
}

/**
 * The cases of one promise, one for each kind. Where the wire lacks the kind, what is checked instead is that it is
 * refused.
 */
export function ofEachKind({ sentence, kinds, run }: StreamPromise): readonly ConformanceCase<TransportFixture>[] {
  return kinds.map((kind) => ({
    name: `${kind} stream: ${sentence}`,
    run: (fixture, limits) =>
      withProbe(fixture, limits, {}, (probe) =>
        fixture.client.kinds.includes(kind) ? run({ kind, probe, fixture }) : assertRefused(probe, kind),
      ),
  }));
}

/** A reply that streams the messages of a source. */
export function streamed({ messages }: MessageSource): Reply {
  return { value: undefined, messages, metadata: noMetadata };
}

/** All three. */
export const streamKinds: readonly StreamKind[] = ['server', 'client', 'bidi'];

/** Asserts that a stream is refused because the wire has no such kind. */
export async function assertRefused(probe: Probe, kind: StreamKind): Promise<void> {
  probe.serve('lacking', kind, () => ({ value: 'answered', metadata: noMetadata }));
  const before = probe.received.length;
  const requests = kind === 'server' ? undefined : probe.source([1, 2, 3]).messages;
  const error = await rejectsWith(() => probe.stream(kind, 'lacking', { messages: requests }), 'Unimplemented');
  assert.equal(error.executed, 'no');
  assert.equal(probe.received.length, before, `a ${kind} stream reached the handler`);
  assert.equal(await probe.echo('after'), 'after');
}
