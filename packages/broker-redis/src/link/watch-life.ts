import type { Clock, Logger } from '@tenon/contract';
import type { Session } from './session.js';

/** Pings a session for as long as it is open, and ends it where no answer came for two intervals. */
export function watchLife(session: Session, intervalMs: number, logger: Logger, clock: Clock): void {
  let answeredAt = clock.now();
  let isAsking = false;
  let cancel = clock.after(intervalMs, function look() {
    if (clock.now() - answeredAt >= 2 * intervalMs) {
      logger.warn('Redis does not answer', { server: session.server });
      session.close();
      return;
    }
    cancel = clock.after(intervalMs, look);
    if (isAsking) return;
    isAsking = true;
    session.ping().then(
      () => {
        isAsking = false;
        answeredAt = clock.now();
      },
      () => {
        // The connection was lost, which the session sees by itself.
      },
    );
  });
  void session.ended.then(() => cancel());
}
