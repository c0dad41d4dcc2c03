import { expect, test } from 'vitest';
import { replacements } from '../src/replacements/index.js';
import { tryReplacement } from '../src/try-replacement.js';

const proofs: Readonly<Record<string, RegExp>> = {
  Broker: /publish greeter\.greeted as application\/msgpack, \d+ bytes/,
  Client: /call Greeter\.Hello/,
  Codec: /encode \{"greeting":"Hello Ada"\}/,
  Logger: /pino registered/,
  Registry: /watch greeter/,
  Selector: /select greeter.*report greeter: ok/s,
  Server: /serve Greeter\.Hello/,
  Strategy: /first of 1 for greeter/,
  Transport: /dial greeter over memory/,
  Validator: /validate HelloRequest/,
};

test('there is a proof for every replacement', () => {
  expect(Object.keys(proofs)).toEqual(Object.keys(replacements));
});

for (const [seam, replacement] of Object.entries(replacements)) {
  test.each(['provide', 'ContainerModule'] as const)(`${seam} is replaced by %s`, async (how) => {
    const seen = await tryReplacement(replacement, how);
    expect(seen.join('\n')).toMatch(proofs[seam] as RegExp);
  });
}
