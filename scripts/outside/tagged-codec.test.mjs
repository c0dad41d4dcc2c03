import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { codecConformance } from '@tenon/conformance';
import { Codec, isProvider } from '@tenon/contract';
import { TaggedCodec, taggedCodec } from './tagged-codec.mjs';

it('is handed out as a provider of the Codec seam', () => {
  const provider = taggedCodec();
  assert.ok(isProvider(provider));
  assert.equal(provider.token, Codec);
  assert.ok(provider.create() instanceof TaggedCodec);
});

codecConformance(
  { describe, it },
  {
    create: () => ({
      codec: new TaggedCodec(),
      loneSurrogates: 'replaced',
      nested: (levels) => [
        Buffer.from(`${'['.repeat(levels)}z${']'.repeat(levels)}`),
        Buffer.from(`${'{s1:a'.repeat(levels)}z${'}'.repeat(levels)}`),
      ],
      overclaiming: ['s4000000000:ab', 'b4000000000:', '{s4000000000:a', '[b9999999999:'].map((text) =>
        Buffer.from(text),
      ),
      dispose: async () => {},
    }),
  },
);
