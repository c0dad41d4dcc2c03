import { jsonCodec } from '@tenon/codec-json';
import { msgpackCodec } from '@tenon/codec-msgpack';
import { protobufCodec } from '@tenon/codec-protobuf';
import { type Codec, type Decoder, ServiceError } from 'tenon';
import { claimingProtobuf, Hostile, hostileProtobuf, nestedProtobuf } from './hostile-protobuf.js';
import { answerQuestions } from './questions.js';
import { damaged, hostileJson, hostileMsgpack, Random } from './random-frames.js';

// A process that decodes what bad peers send, alone, so that what it costs can be measured. Wants `--expose-gc`.

const [json, msgpack, protobuf] = [jsonCodec(), msgpackCodec(), protobufCodec()].map(({ create }) =>
  (create as () => Codec)(),
) as [Codec, Codec, Codec];
const decoders: readonly DecoderUnderTest[] = [
  { name: 'JSON', decode: json.open().decoder(), generate: (random) => Buffer.from(hostileJson(random)) },
  { name: 'msgpack', decode: msgpack.open().decoder(), generate: (random) => hostileMsgpack(random) },
  {
    name: 'msgpack, linked',
    decode: msgpack.open({ linked: true }).decoder(),
    generate: (random) => hostileMsgpack(random),
  },
  { name: 'protobuf', decode: protobuf.open().decoder(Hostile), generate: (random) => hostileProtobuf(random) },
];

interface DecoderUnderTest {
  readonly name: string;
  readonly decode: Decoder;
  readonly generate: (random: Random) => Buffer;
}

/** What became of one input. */
export interface Decoded {
  readonly decoder: string;
  /** The code of its refusal; `value` where it was read, `not ours` where it threw what no caller expects. */
  readonly became: string;
  /** The least of five tries: what else the machine does counts for nothing. */
  readonly ms: number;
  /** What was allocated for it, garbage included. */
  readonly allocatedBytes: number;
}

/** What generated inputs found. */
export interface Generated {
  readonly decoder: string;
  readonly inputs: number;
  readonly values: number;
  /** The most CPU time that one took. */
  readonly slowestMs: number;
  /** Ends that are neither a value nor a refusal, or change what objects inherit. */
  readonly odd: readonly string[];
  readonly heapGrowthBytes: number;
}

function nested(depth: number): readonly Decoded[] {
  const inputs: readonly (readonly [string, Buffer])[] = [
    ['JSON', Buffer.from('['.repeat(depth))],
    ['JSON', Buffer.from(`${'['.repeat(depth)}${']'.repeat(depth)}`)],
    ['JSON', Buffer.from('{"a":'.repeat(depth))],
    ['msgpack', Buffer.alloc(depth, 0x91)],
    ['msgpack', Buffer.from('81a161'.repeat(depth), 'hex')],
    ...nestedProtobuf(depth).map((bytes) => ['protobuf', bytes] as const),
  ];
  return inputs.flatMap(([family, bytes]) => of(family).map((decoder) => decodedBy(decoder, bytes)));
}

/** Headers that claim what is not there. */
function bombs(): readonly Decoded[] {
  const inputs = ['dd', 'df', 'db', 'c6', 'c9'].flatMap((header) =>
    ['ffffffff', '00ffffff'].map((length) => Buffer.from(`${header}${length}`, 'hex')),
  );
  // The one of the 21 bytes: claims inside claims.
  inputs.push(Buffer.from(`${'dd00ffffff'.repeat(4)}c0`, 'hex'));
  return [
    ...inputs.flatMap((bytes) => of('msgpack').map((decoder) => decodedBy(decoder, bytes))),
    ...claimingProtobuf().flatMap((bytes) => of('protobuf').map((decoder) => decodedBy(decoder, bytes))),
  ];
}

function of(family: string): readonly DecoderUnderTest[] {
  return decoders.filter(({ name }) => name.startsWith(family));
}

function decodedBy({ name, decode }: DecoderUnderTest, bytes: Buffer): Decoded {
  let ms = Number.POSITIVE_INFINITY;
  let allocatedBytes = Number.POSITIVE_INFINITY;
  let became = '';
  for (let time = 0; time < 5; time += 1) {
    globalThis.gc?.();
    const before = memory();
    const began = performance.now();
    became = outcomeOf(decode, bytes);
    ms = Math.min(ms, performance.now() - began);
    allocatedBytes = Math.min(allocatedBytes, memory() - before);
  }
  return { decoder: name, became, ms, allocatedBytes };
}

function outcomeOf(decode: Decoder, bytes: Buffer): string {
  try {
    decode(bytes, 0, bytes.length);
    return 'value';
  } catch (thrown) {
    const isOurs = thrown instanceof ServiceError && thrown.executed === 'no';
    return isOurs ? thrown.code : `not ours: ${String(thrown)}`;
  }
}

function memory(): number {
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** Random and damaged inputs for one decoder. */
function generated(index: number, inputs: number, seed: number): Generated {
  const { name, decode, generate } = decoders[index] as DecoderUnderTest;
  const random = new Random(seed);
  const odd: string[] = [];
  let values = 0;
  let slowestMs = 0;
  globalThis.gc?.();
  const before = memory();
  for (let n = 0; n < inputs; n += 1) {
    const bytes = damaged(random, generate(random));
    const began = performance.now();
    const became = outcomeOf(decode, bytes);
    const ms = performance.now() - began;
    // Twice, where it took long: a collection of garbage may have come between.
    if (ms > slowestMs) slowestMs = Math.max(slowestMs, Math.min(ms, timeOf(decode, bytes)));
    if (became === 'value') values += 1;
    else if (became !== 'InvalidArgument') odd.push(`${bytes.toString('hex')}: ${became}`);
    if (n % 1_000 === 0 && isPolluted()) odd.push(`${bytes.toString('hex')} changed Object.prototype`);
  }
  if (isPolluted()) odd.push('Object.prototype was changed');
  globalThis.gc?.();
  return { decoder: name, inputs, values, slowestMs, odd: odd.slice(0, 5), heapGrowthBytes: memory() - before };
}

function timeOf(decode: Decoder, bytes: Buffer): number {
  const began = performance.now();
  outcomeOf(decode, bytes);
  return performance.now() - began;
}

const inherited = Reflect.ownKeys(Object.prototype).length;

function isPolluted(): boolean {
  return 'polluted' in {} || Reflect.ownKeys(Object.prototype).length !== inherited;
}

answerQuestions({
  nested,
  bombs,
  generated: (inputs: number) => decoders.map((_, index) => generated(index, inputs, 20_261_130 + index)),
});
process.send?.({ ready: true });
