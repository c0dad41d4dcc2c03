import assert from 'node:assert/strict';
import type { Codec } from '@tenon/contract';
import { frozen } from '../frozen.js';
import { bytesOf, valueIn } from './bytes.js';
import { assertSameData } from './same-data.js';

/** Runs a case on a codec that links; on one that does not, shows that its sessions say so and do for a connection too. */
export async function provesLinks(codec: Codec, run: () => void): Promise<void> {
  if (codec.links === true) run();
  else assertLinksNothing(codec);
}

function assertLinksNothing(codec: Codec): void {
  const [writer, reader] = [codec.open({ linked: true }), codec.open({ linked: true })];
  for (let turn = 0; turn < 4; turn += 1) {
    const message = bytesOf(writer, records(turn));
    assertSameData(valueIn(reader, message), records(turn));
    assertSameData(valueIn(codec.open(), message), records(turn));
  }
  const { announce, learn } = writer;
  assert.deepEqual(
    [announce, learn],
    [undefined, undefined],
    'a codec that does not say that it links has linked sessions',
  );
}

/** Records of the same names, with other values at each turn. */
export function records(turn: number): unknown {
  return frozen(
    [0, 1, 2].map((index) => ({ id: turn * 10 + index, name: `n${turn}`, flag: turn % 2 === 0, sum: turn / 4 })),
  );
}

/** Others, of names that partly are the same. */
export function variant(turn: number): unknown {
  return frozen({ id: turn, name: { first: 'a', last: `b${turn}` }, tags: [{ tag: turn }, { tag: 'x' }] });
}
