import { isDeepStrictEqual } from 'node:util';
import { type DtoClass, ServiceError } from '@tenon/contract';
import { schemaOf } from '@tenon/schema';
import { compileDto } from '@tenon/validator-class';
import { useContainer } from 'class-validator';
import fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';
import { classCases } from './arbitrary-classes.js';
import { judge } from './judge.js';
import { encoded, msgpack, Pair } from './linked-pair.js';
import { classOf } from './made-classes.js';

const plain = msgpack().open();
const runs = 300;

/** What the plain codec makes of a value, or how it refuses it. */
function carried(value: unknown): { readonly value: unknown } | { readonly refused: string } {
  try {
    const bytes = encoded(plain, value);
    return { value: plain.decoder()(bytes, 0, bytes.length) };
  } catch (thrown) {
    if (!(thrown instanceof ServiceError)) throw thrown;
    return { refused: thrown.message };
  }
}

function same(one: unknown, other: unknown, what: string): void {
  if (isDeepStrictEqual(one, other)) return;
  expect(one, what).toEqual(other);
  expect.fail(`${what}: they differ in what toEqual passes over`);
}

// Each decorator is a class to class-validator, whose own container looks for it from the first of thousands on.
beforeAll(() => {
  const made = new Map<unknown, unknown>();
  useContainer({
    get: (constraint: new () => object) =>
      made.get(constraint) ?? made.set(constraint, new constraint()).get(constraint),
  });
});

const counts = { classes: 0, laidOut: 0, planned: 0, fitting: 0, byLayout: 0, odd: 0, refused: 0, json: 0 };

test('values of any class arrive as the plain codec and JSON bring them, and the validator judges them alike', async () => {
  await fc.assert(
    fc.asyncProperty(classCases(), async ({ fields, fitting, odd }) => {
      // In two processes.
      const [written, read] = [classOf('Grown', fields), classOf('Grown', fields)];
      const compiled = compileDto(read);
      const pair = new Pair();
      const [sender, receiver] = [pair.client.open(false), pair.server.open(false)];
      counts.classes += 1;
      const laidOut = schemaOf(written).layout !== undefined;
      if (laidOut) counts.laidOut += 1;
      if (compiled.plan !== undefined) counts.planned += 1;
      pair.server.session.decoder(read);
      pair.say(null, written, read);

      const arrives = async (value: unknown): Promise<number | undefined> => {
        const expected = carried(value);
        if ('refused' in expected) {
          for (const session of [pair.client.session, sender]) {
            expect(() => encoded(session, value, written)).toThrow(expected.refused);
          }
          counts.refused += 1;
          return undefined;
        }
        const { bytes, heard } = pair.say(value, written, read);
        same(heard, expected.value, 'on a connection');
        if (isJson(value)) {
          counts.json += 1;
          same(heard, JSON.parse(JSON.stringify(value)), 'by JSON');
        }
        same(await judge(compiled, heard), await judge(compiled, expected.value), 'validated');
        const planned = pair.server.session.decoder(read, compiled.plan)(bytes, 0, bytes.length);
        same(await judge(compiled, planned), await judge(compiled, expected.value), 'with a plan');
        await alone(value, written, read, expected.value);
        return bytes[0];
      };
      const alone = async (value: unknown, from: DtoClass, to: DtoClass, expected: unknown): Promise<void> => {
        const message = encoded(sender, value, from);
        same(receiver.decoder(to)(message, 0, message.length), expected, 'alone');
        const planned = receiver.decoder(to, compiled.plan)(message, 0, message.length);
        same(await judge(compiled, planned), await judge(compiled, expected), 'alone, with a plan');
      };
      for (const value of fitting) {
        counts.fitting += 1;
        if ((await arrives(value)) === 1) counts.byLayout += 1;
      }
      for (const value of odd) {
        counts.odd += 1;
        await arrives(value);
      }
      expect(pair.server.logger.warnings).toEqual([]);
    }),
    { numRuns: runs, endOnFailure: true },
  );
  process.stdout.write(`${JSON.stringify(counts)}\n`);
  expect(counts.byLayout).toBeGreaterThan(counts.fitting / 4);
}, 120_000);

/** Whether JSON brings a value back as it was. */
function isJson(value: unknown): boolean {
  switch (typeof value) {
    case 'object':
      if (value === null) return true;
      if (Array.isArray(value)) return value.every(isJson);
      return Object.getPrototypeOf(value) === Object.prototype && Object.values(value).every(isJson);
    case 'number':
      return Number.isFinite(value) && !Object.is(value, -0);
    case 'string':
      return !/\p{Surrogate}/u.test(value);
    default:
      return typeof value === 'boolean';
  }
}
