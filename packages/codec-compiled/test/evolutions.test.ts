import { isDeepStrictEqual } from 'node:util';
import { Built, type CodecSession, type DtoClass, type Schema } from '@tenon/contract';
import { compareLayouts, type Layout, type LayoutDifference, schemaOf } from '@tenon/schema';
import { type CompiledDto, compileDto } from '@tenon/validator-class';
import { afterAll, describe, expect, test } from 'vitest';
import { LayoutLibrary } from '../src/layout-library.js';
import { LinkedSession } from '../src/linked-session.js';
import { SingleSession } from '../src/single-session.js';
import { judge, type Outcome } from './judge.js';
import { End, encoded, msgpack, pass } from './linked-pair.js';
import { classOf, type MadeFields, valuesOf } from './made-classes.js';
import { RecordingLogger } from './recording-logger.js';
import { versions } from './versions.js';

/** One version of the class, in one process. */
interface Version {
  readonly name: string;
  readonly dto: DtoClass;
  readonly layout: Layout | undefined;
  readonly values: readonly Carried[];
}

/** A value, and what the plain codec brings of it. */
interface Carried {
  readonly value: object;
  readonly carried: unknown;
}

/** A version of the reading side, with what its validator makes of it. */
interface ReadingVersion extends Version {
  readonly compiled: CompiledDto;
}

const plain = msgpack().open();

function versionOf([name, fields]: readonly [string, MadeFields]): Version {
  const dto = classOf('Order', fields);
  const values = valuesOf(fields, 3).map((value) => {
    const bytes = encoded(plain, value);
    return { value, carried: plain.decoder()(bytes, 0, bytes.length) };
  });
  return { name, dto, layout: schemaOf(dto).layout, values };
}

// Two processes: no class of one is known to the other.
const writers = Object.entries(versions).map((one) => ({ ...versionOf(one), end: new End() }));
const readers = Object.entries(versions).map((one): ReadingVersion => {
  const version = versionOf(one);
  return { ...version, compiled: compileDto(version.dto) };
});

let pairs = 0;
let reads = 0;
let built = 0;

/** The reading end of a pair of versions, which holds every value against what the plain codec brings. */
class Reader {
  readonly logger = new RecordingLogger();
  readonly #library: LayoutLibrary;
  readonly #version: ReadingVersion;
  readonly #expected = new Map<Carried, Outcome>();

  constructor(version: ReadingVersion) {
    this.#version = version;
    // The codec without its reading of the class, which was done already: most of the time would go there.
    const layoutOf = (schema: Schema) => (schema === version.dto ? version.layout : undefined);
    this.#library = new LayoutLibrary({ layoutOf, generateCode: true, logger: this.logger });
  }

  open(linked: boolean): CodecSession {
    const under = msgpack().open({ linked });
    return linked ? new LinkedSession(this.#library, under) : new SingleSession(this.#library, under);
  }

  async reads(session: CodecSession, stage: string, bytes: Buffer, carried: Carried): Promise<void> {
    const { dto, compiled } = this.#version;
    const heard = session.decoder(dto)(bytes, 0, bytes.length);
    if (!isDeepStrictEqual(heard, carried.carried)) expect(heard, stage).toEqual(carried.carried);
    if (!isDeepStrictEqual(heard, carried.carried)) expect.fail(`${stage}: it differs in what toEqual passes over`);
    const planned = session.decoder(dto, compiled.plan)(bytes, 0, bytes.length);
    reads += 1;
    // Of what is the same as ever the validator thinks the same as ever: asked where something else was read by.
    if (planned instanceof Built) built += 1;
    else if (!isDeepStrictEqual(planned, heard)) expect.fail(`${stage}: with a plan it is another`);
    if (!(planned instanceof Built) && !isByLayout(stage)) return;
    const outcome = await judge(compiled, planned);
    const expected = this.#expected.get(carried) ?? (await judge(compiled, carried.carried));
    this.#expected.set(carried, expected);
    if (!isDeepStrictEqual(outcome, expected)) expect(outcome, stage).toEqual(expected);
    if (!isDeepStrictEqual(outcome, expected)) expect.fail(`${stage}: the instances differ`);
  }
}

const isByLayout = (stage: string): boolean => stage === 'told' || stage === 'alone';

/** A connection from its first value to the last word about the layout. Returns by which form values go in the end. */
async function connect(writer: (typeof writers)[number], reader: Reader, known: boolean): Promise<'layout' | 'plain'> {
  const [client, server] = [writer.end.open(true), reader.open(true)];
  const said = (): readonly (readonly [Buffer, Carried])[] =>
    writer.values.map((one) => [encoded(client, one.value, writer.dto), one]);
  const heard = async (stage: string, messages: ReturnType<typeof said>, form: number): Promise<void> => {
    for (const [bytes, one] of messages) {
      if (bytes[0] !== form) expect.fail(`${stage}: it begins with ${bytes[0]}`);
      await reader.reads(server, stage, bytes, one);
    }
  };
  await heard('at first', said(), 0);
  const laidOut = writer.layout === undefined ? 0 : 1;
  pass(client, server);
  await heard('offered', said(), 0);
  pass(server, client);
  // Who knows the layout already is not told it.
  if (!known) await heard('wanted', said(), 0);
  pass(client, server);
  const underWay = said();
  await heard('told', said(), laidOut);
  const news = pass(server, client);
  await heard('under way', underWay, laidOut);
  while (pass(client, server) || pass(server, client));
  const settled = said();
  const form = settled[0]?.[0][0] as number;
  await heard('settled', settled, form);
  expect(news, 'it speaks up where it refuses').toBe(laidOut !== form);
  return form === 0 ? 'plain' : 'layout';
}

/** What stands in the way of a reader's taking what a writer writes. */
function obstacle(writer: Version, reader: Version): LayoutDifference | undefined {
  if (writer.layout === undefined || reader.layout === undefined) return undefined;
  return compareLayouts(writer.layout, reader.layout).find(({ readable }) => !readable);
}

describe.each(writers)('what is written as: $name', (writer) => {
  test('is read by each version as the plain codec would have brought it, and its layout is refused only where it must be', async () => {
    for (const version of readers) {
      const reader = new Reader(version);
      const inTheWay = obstacle(writer, version);
      const form = writer.layout === undefined || inTheWay !== undefined ? 'plain' : 'layout';
      const same = isDeepStrictEqual(writer.layout, version.layout);
      expect(await connect(writer, reader, same), version.name).toBe(form);
      // Messages that stand alone know nothing of the connection, and nobody can refuse them.
      const [sender, receiver] = [writer.end.open(false), reader.open(false)];
      for (const one of writer.values) {
        const bytes = encoded(sender, one.value, writer.dto);
        expect(bytes[0], version.name).toBe(writer.layout === undefined ? 0 : 1);
        await reader.reads(receiver, 'alone', bytes, one);
      }
      // A second connection, on which the reader knows the layout from the first.
      expect(await connect(writer, reader, true), version.name).toBe(form);
      const { warnings } = reader.logger;
      expect(
        warnings.map(({ fields }) => (fields as { readonly field: string }).field),
        version.name,
      ).toEqual(inTheWay === undefined ? [] : [inTheWay.path]);
      pairs += 1;
    }
  });
});

test('the versions differ, and most have a plan', () => {
  const layouts = readers.map(({ layout }) => JSON.stringify(layout));
  // Another order is no difference.
  expect(new Set(layouts).size).toBe(readers.length - 1);
  expect(readers.filter(({ compiled }) => compiled.plan !== undefined).length).toBeGreaterThan(35);
  expect(readers.filter(({ layout }) => layout === undefined)).toHaveLength(1);
});

afterAll(() => {
  process.stdout.write(`${pairs} pairs of versions, ${reads} values read twice, ${built} of them built\n`);
});
