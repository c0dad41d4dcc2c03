import { expect, test, vi } from 'vitest';

test('it prints the reply', async () => {
  const log = vi.spyOn(console, 'log').mockImplementation(() => {});
  await import('../src/hello.js');
  expect(log).toHaveBeenCalledExactlyOnceWith({ greeting: 'Hello Ada' });
  log.mockRestore();
});
