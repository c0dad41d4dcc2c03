import { expect, test } from 'vitest';
import type { RegistryEvent } from '../../registry.js';
import { ServiceError } from '../../service-error.js';
import type { ServiceRecord } from '../../service-record.js';
import { LatestValue } from '../latest-value.js';
import { WatchTeller } from './watch-teller.js';

function recordOf(id: string): ServiceRecord {
  return {
    name: 'greeter',
    version: '1',
    metadata: {},
    endpoints: [],
    nodes: [{ id, address: `${id}:1`, metadata: {} }],
  };
}

/** A teller, and what its reader has seen: the ids of a set, or the message of an error. */
function stage() {
  const seen: string[] = [];
  const events = new LatestValue<RegistryEvent>();
  void (async () => {
    for await (const event of events) {
      if (event.kind === 'error') seen.push(event.error.rawMessage);
      else seen.push(event.records.map(({ nodes }) => nodes.map(({ id }) => id).join()).join('; '));
    }
  })();
  return { teller: new WatchTeller(events), seen };
}

const settled = (): Promise<unknown> => new Promise((resolve) => setImmediate(resolve));
const [first, second] = [recordOf('n1'), recordOf('n2')];

test('a set is told where it is the first, or another one than before', async () => {
  const { teller, seen } = stage();
  for (const records of [[], [], [first], [first], [first, second], [first, second], [first, recordOf('n2')]]) {
    teller.set(records);
    await settled();
  }
  expect(seen).toEqual(['', 'n1', 'n1,n2', 'n1,n2']);
});

test('an interruption is one error, and over with a set, the same one too', async () => {
  const { teller, seen } = stage();
  const away = new ServiceError('Unavailable', 'away');
  expect(teller.set([first])).toBe(false);
  await settled();
  expect([teller.interrupted(away), teller.interrupted(away), teller.isInterrupted]).toEqual([true, false, true]);
  await settled();
  expect([teller.set([first]), teller.set([first]), teller.isInterrupted]).toEqual([true, false, false]);
  await settled();
  expect(teller.interrupted(away)).toBe(true);
  await settled();
  expect(seen).toEqual(['n1', 'away', 'n1', 'away']);
});
