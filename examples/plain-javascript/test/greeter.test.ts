import { expect, test, vi } from 'vitest';

test('it prints the reply', async () => {
  const log = vi.spyOn(console, 'log').mockImplementation(() => {});
  await import('../src/greeter.js');
  expect(log).toHaveBeenCalledExactlyOnceWith({ text: 'Hello Ada, and welcome' });
  log.mockRestore();
});
