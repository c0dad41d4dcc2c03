// Run by no-generated-code.test.ts in a process that may not make code of strings. Prints what happened as JSON.
import { BufferSink } from '@tenon/contract/authoring';
import { Unpackr } from 'msgpackr';
import { createMsgpackCodec } from './fixture.js';

/** Definitions of the record {a, b}, with the values 1 and 2: the form with one byte of id and the one with two. */
const definitions = ['d4724092a161a1620102', 'd572400092a161a1620102'];
/** A record that was defined before, read often enough for msgpackr to compile it. */
const repeated = `98${definitions[0]}${'400102'.repeat(7)}`;
const extensionForms = ['c70372400092a161a1620102', 'c8000372400092a161a1620102', 'c90000000372400092a161a1620102'];

let compiled = 0;
const trap = (): never => {
  compiled += 1;
  throw new EvalError('code was generated');
};
globalThis.Function = new Proxy(Function, { construct: trap, apply: trap });
globalThis.eval = trap;

new Unpackr({ useRecords: false }).unpack(Buffer.from(repeated, 'hex'));
const compiledByPlainMsgpackr = compiled > 0;
compiled = 0;

const session = createMsgpackCodec().open();
const sink = new BufferSink();
const sameShaped = Array.from({ length: 1_000 }, (_, index) => ({ a: index, b: `b${index}`, c: { d: index } }));
session.encoder()(sameShaped, sink);
const decoded = session.decoder()(sink.buffer, 0, sink.position) as readonly unknown[];

let recordsRefused = 0;
for (const hex of [...definitions, repeated, ...extensionForms]) {
  const bytes = Buffer.from(hex, 'hex');
  try {
    session.decoder()(bytes, 0, bytes.length);
  } catch {
    recordsRefused += 1;
  }
}

// Names that would be code where they became a part of it, announced often enough to be compiled by any means.
const names = ['`+globalThis.boom()+`', "'];boom();['", '*/boom();/*', 'constructor'];
const codec = createMsgpackCodec();
const [writer, reader] = [codec.open({ linked: true }), codec.open({ linked: true })];
let linkedRecords = 0;
for (let turn = 0; turn < 2_000; turn += 1) {
  sink.reset();
  writer.encoder()(Object.fromEntries(names.map((name) => [name, turn])), sink);
  const record = reader.decoder()(sink.buffer, 0, sink.position) as Record<string, unknown>;
  if (names.every((name) => record[name] === turn)) linkedRecords += 1;
  const announcement = writer.announce?.();
  if (announcement !== undefined) reader.learn?.(announcement, 0, announcement.length);
}

process.stdout.write(
  JSON.stringify({
    compiledByPlainMsgpackr,
    evalForbidden: codeGenerationIsForbidden(),
    sameShapedMaps: decoded.length,
    recordsRefused,
    linkedRecords,
    compiledByTheCodec: compiled,
  }),
);

/** Asks the engine itself, past the trap. */
function codeGenerationIsForbidden(): boolean {
  try {
    Reflect.construct(Object.getPrototypeOf(() => {}).constructor, ['return 1']);
    return false;
  } catch (thrown) {
    return thrown instanceof EvalError;
  }
}
