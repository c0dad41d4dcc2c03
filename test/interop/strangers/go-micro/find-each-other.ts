import assert from 'node:assert/strict';
import { eventually } from '@tenon/conformance';
import { type App, type Module, Registry } from 'tenon';
import type { GoMicroPeer } from '../../../e2e/go-micro-peer.js';
import type { Meeting } from '../../harness/meeting.js';
import { Gopher } from './gopher.js';
import { ourApp, patience } from './our-app.js';
import { flagsOf, nameOf, type Wire, wires } from './wires.js';

/** A registry that both sides have. */
export interface CommonRegistry {
  /** As cases are named. */
  readonly name: string;
  /** The flags of its program. */
  readonly flags: readonly string[];
  /** Ours, new. */
  module(): Module;
}

/** Its process and ours come to know each other by a registry, call each other, and see each other leave. */
export async function findEachOther(
  meeting: Pick<Meeting, 'case'>,
  peer: GoMicroPeer,
  { name, flags, module }: CommonRegistry,
): Promise<void> {
  const ask = (protocol: Wire['protocol'], type: string) =>
    peer.ask([...flags, '-protocol', protocol, '-service', 'greeter', '-content_type', type, '-from', 'Go'], 'hello');
  {
    await using app = await ourApp(module());
    for (const [protocol, type] of [
      ['mucp', 'application/json'],
      ['grpc', 'application/grpc+json'],
    ] as const) {
      await meeting.case(`${name}: it finds us and calls over ${protocol === 'grpc' ? 'gRPC' : protocol}`, () =>
        // By mDNS it waits 100 ms for an answer, and multicast may be lost.
        eventually(async () => {
          const { reply, error } = await ask(protocol, type);
          assert.deepEqual([reply?.['msg' as never], error], ['Hello Go from Go', undefined]);
        }, patience),
      );
    }
    for (const wire of wires.filter(({ itsType }) => shortList.has(itsType))) {
      await using server = await peer.serve([...flags, ...flagsOf(wire)]);
      await meeting.case(`${name}: we find it and call over ${nameOf(wire)}`, () =>
        eventually(async () => {
          const options = { contentType: wire.ourType, metadata: { 'x-from': 'us' } };
          assert.equal((await app.client(Gopher).hello({ name: 'Ada', to: 0 }, options)).msg, 'Hello Ada from us');
        }, patience),
      );
      await meeting.case(`${name}: its node over ${nameOf(wire)} is gone when it ends`, async () => {
        assert.equal(await nodesOf(app), 1);
        await server[Symbol.asyncDispose]();
        await eventually(async () => assert.equal(await nodesOf(app), 0), patience);
      });
    }
  }
  await meeting.case(`${name}: our node is gone for it when we have ended`, async () => {
    const { code, detail } = await ask('mucp', 'application/json');
    assert.equal(code, 500);
    assert.match(String(detail), /service greeter: not found|none available/);
  });
}

/** One wire for each of its servers is enough: how calls go stands in another place. */
const shortList: ReadonlySet<string> = new Set(['application/json', 'application/grpc+proto']);

async function nodesOf(app: App): Promise<number> {
  return (await app.get(Registry).lookup('gogreeter')).flatMap(({ nodes }) => nodes).length;
}
