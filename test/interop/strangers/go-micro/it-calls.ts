import assert from 'node:assert/strict';
import { eventually } from '@tenon/conformance';
import type { GoMicroPeer, PeerLine } from '../../../e2e/go-micro-peer.js';
import type { Meeting } from '../../harness/meeting.js';
import { arrived } from './gopher.js';
import { patience } from './our-app.js';
import { flagsOf, fromOf, nameOf, type Wire } from './wires.js';

/**
 * Its client calls our Greeter over one wire.
 *
 * @param where - the flags of its program that say how it finds us
 */
export async function itCalls(
  meeting: Meeting,
  peer: GoMicroPeer,
  where: readonly string[],
  wire: Wire,
): Promise<void> {
  const name = (what: string): string => `it calls over ${nameOf(wire)}: ${what}`;
  const flags = [...where, ...flagsOf(wire), '-service', 'greeter', '-content_type', wire.itsType];
  const ask = (what: string): Promise<PeerLine> => peer.ask([...flags, '-from', fromOf(wire)], what);
  const messages = (line: PeerLine, key: string): readonly unknown[] =>
    (line.replies ?? []).map((reply) => (reply as Readonly<Record<string, unknown>>)[key]);
  await meeting.case(name('a unary call, with metadata'), async () => {
    assert.equal((await ask('hello')).reply?.['msg' as never], `Hello Go from ${fromOf(wire)}`);
  });
  await meeting.case(name('an error that we mean'), async () => {
    const { code, detail } = await ask('fail');
    assert.deepEqual([code, detail], [404, 'no such x: Zoë <&>']);
  });
  await meeting.case(name('an endpoint that is not there'), async () => {
    assert.equal((await ask('nope')).code, 501);
  });
  await meeting.case(name('the time that is left'), async () => {
    const left = Number((await ask('left')).reply?.['left' as never]);
    // Its mucp client tells the time of one attempt, its gRPC client that of the whole call.
    const most = wire.protocol === 'grpc' ? 30_000 : 5_000;
    assert.ok(left > most / 5 && left <= most, `${left} ms`);
  });
  await meeting.case(name('a call that takes too long ends here too'), async () => {
    const before = arrived.givenUp;
    assert.equal((await ask('late')).code, 408);
    await eventually(() => assert.equal(arrived.givenUp, before + 1), patience);
  });
  await meeting.case(name('a server stream'), async () => {
    assert.deepEqual(messages(await ask('count'), 'n'), [1, 2, 3]);
  });
  await meeting.case(name('a stream that ends in an error'), async () => {
    const { code, detail, error } = await ask('countfail');
    // Its gRPC client hands the error of a stream over as grpc-go made it.
    if (wire.protocol === 'grpc') assert.equal(error, 'rpc error: code = InvalidArgument desc = boom');
    else assert.deepEqual([code, detail], [400, 'boom']);
  });
  await meeting.case(name('a stream both ways'), async () => {
    assert.deepEqual(messages(await ask('chat'), 'msg'), ['got one', 'got two']);
  });
  await meeting.case(name('a client stream'), async () => {
    const before = arrived.uploads.length;
    const line = await ask('upload');
    await eventually(() => assert.deepEqual(arrived.uploads[before], [1, 2, 3]), patience);
    // Its mucp client cannot end its requests and wait for the reply.
    assert.deepEqual(messages(line, 'n'), wire.protocol === 'grpc' ? [3] : []);
  });
}
