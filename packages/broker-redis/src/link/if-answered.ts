import type { Clock } from '@tenon/contract';
import type { Session } from './session.js';

/** Does the last work over a session. Resolves when it is done, or has failed, or the server is gone or does not answer for 2 s. */
export async function ifAnswered(
  session: Session | undefined,
  clock: Clock,
  work: (session: Session) => Promise<void>,
): Promise<void> {
  if (session?.isOpen !== true) return;
  let cancel = (): void => {};
  const late = new Promise<void>((resolve) => {
    cancel = clock.after(patienceMs, resolve);
  });
  await Promise.race([work(session).catch(() => {}), session.ended, late]);
  cancel();
}

/** A server that is alive answers in a round trip; one that is not must not hold up a shutdown. */
const patienceMs = 2_000;
