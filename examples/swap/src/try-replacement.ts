import { createApp } from 'tenon';
import { Greeter } from './greeter.js';
import { asModule, type Replacement } from './replacement.js';

/**
 * Runs one call and one event in an app in which one seam is replaced, and answers with what the replacement saw.
 *
 * @param how - listed in `modules` as a provider, or bound by hand in an inversify module.
 */
export async function tryReplacement(
  replacement: Replacement,
  how: 'provide' | 'ContainerModule',
): Promise<readonly string[]> {
  const seen: string[] = [];
  const provider = replacement(seen);
  const module = how === 'provide' ? provider : asModule(provider);
  const app = await createApp({
    services: [Greeter],
    profile: 'test',
    // The app calls itself here; without this it would need no transport and no selector for that.
    client: { local: 'off' },
    log: { level: 'silent' },
    modules: [module],
  });
  await app.start();
  try {
    const { greeting } = await app.client(Greeter).hello({ name: 'Ada' });
    if (greeting !== 'Hello Ada') throw new Error(`the reply was ${greeting}`);
    while (app.get(Greeter).heard.length === 0) await new Promise((resolve) => setImmediate(resolve));
  } finally {
    await app.close();
  }
  return seen;
}
