import { expect, it } from 'vitest';
import { eventually, within } from './eventually.js';

it('repeats a check until it passes, and resolves with its value', async () => {
  let attempts = 0;
  const value = await eventually(
    () => {
      attempts += 1;
      if (attempts < 3) throw new Error('not yet');
      return attempts;
    },
    { withinMs: 5_000, everyMs: 1 },
  );
  expect(value).toBe(3);
});

it('fails with the last failure at the bound', async () => {
  let attempts = 0;
  const check = async (): Promise<void> => {
    attempts += 1;
    throw new Error(`attempt ${attempts}`);
  };
  await expect(eventually(check, { withinMs: 30, everyMs: 1 })).rejects.toThrow(/^attempt \d+$/);
  expect(attempts).toBeGreaterThan(1);
});

it('counts a check that never ends as failed', async () => {
  await expect(eventually(() => new Promise(() => {}), { withinMs: 20 })).rejects.toThrow(/still pending/);
});

it('bounds a promise and says what was awaited', async () => {
  await expect(within(new Promise(() => {}), 10, 'the answer')).rejects.toThrow(
    'the answer was still pending after 10 ms',
  );
  expect(await within(Promise.resolve('value'), 10, 'the answer')).toBe('value');
  await expect(within(Promise.reject(new Error('its own failure')), 10, 'the answer')).rejects.toThrow(
    'its own failure',
  );
});
