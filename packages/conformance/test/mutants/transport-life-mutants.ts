import type { TransportFixture } from '@tenon/conformance';
import type { Mutant } from './prove-cases.js';
import { mutant } from './transport-halves.js';

const lives = 'a peer that lives gives a sign of life, before any call, beside a slow one and after it';
const frozen = 'a peer that was frozen gives no sign of life, and neither question nor end leaves anything';
const ended = 'a connection that has ended gives no sign of life, and says so at once';
const drains = 'a draining peer that still works on a call gives signs of life';

/** Transports that are wrong about who lives. */
export const transportLifeMutants: readonly Mutant<TransportFixture>[] = [
  mutant(lives, 'nobody ever lives', () => ({ connection: () => ({ probe: async () => false }) })),
  mutant(lives, 'it answers the first question of many at once', () => {
    let asking = false;
    return {
      connection: (good) => ({
        probe: async (timeoutMs) => {
          if (asking) return false;
          asking = true;
          const alive = await good.probe?.(timeoutMs);
          asking = false;
          return alive ?? false;
        },
      }),
    };
  }),
  mutant(lives, 'the third question is taken for abuse', () => {
    let asked = 0;
    return {
      connection: (good) => ({
        probe: async (timeoutMs) => {
          asked += 1;
          if (asked > 3) await good.close();
          return (await good.probe?.(timeoutMs)) ?? false;
        },
      }),
    };
  }),
  mutant(frozen, 'everybody lives for ever', () => ({ connection: () => ({ probe: async () => true }) })),
  mutant(frozen, 'a question is not over with its connection', () => ({
    connection: (good) => ({
      probe: async (timeoutMs) => {
        if (timeoutMs < 60_000) return (await good.probe?.(timeoutMs)) ?? false;
        return new Promise(() => {});
      },
    }),
  })),
  mutant(ended, 'who lived when the connection ended lives', () => {
    let alive = true;
    return {
      connection: (good) => ({
        probe: async (timeoutMs) => {
          alive = (await good.probe?.(timeoutMs)) === true || alive;
          return alive;
        },
      }),
    };
  }),
  mutant(drains, 'who drains is dead already', () => {
    let draining = false;
    return {
      listener: (good) => ({
        drain: (signal) => {
          draining = true;
          return good.drain(signal);
        },
      }),
      connection: (good) => ({ probe: async (timeoutMs) => !draining && ((await good.probe?.(timeoutMs)) ?? false) }),
    };
  }),
];
