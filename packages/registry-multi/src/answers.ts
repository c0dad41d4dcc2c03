import { type Clock, ServiceError } from '@tenon/contract';

/** What became of one of several questions: an answer, a failure, or neither yet. */
export type Answer<T> =
  | { readonly kind: 'answered'; readonly value: T }
  | { readonly kind: 'failed'; readonly error: ServiceError }
  | { readonly kind: 'waiting' };

/**
 * Waits for several at once: until each has an outcome, but for no longer than `patienceMs` once one of them has succeeded. Never
 * rejects; questions that are left behind go on unattended.
 */
export function answersOf<T>(
  asked: readonly Promise<T>[],
  patienceMs: number,
  clock: Clock,
): Promise<readonly Answer<T>[]> {
  const answers: Answer<T>[] = asked.map(() => ({ kind: 'waiting' }));
  return new Promise((resolve) => {
    let cancelTimer: (() => void) | undefined;
    const settle = (index: number, answer: Answer<T>): void => {
      answers[index] = answer;
      if (answers.every(({ kind }) => kind !== 'waiting')) {
        cancelTimer?.();
        resolve([...answers]);
      } else if (answer.kind === 'answered') {
        cancelTimer ??= clock.after(patienceMs, () => resolve([...answers]));
      }
    };
    asked.forEach((one, index) => {
      one.then(
        (value) => settle(index, { kind: 'answered', value }),
        (thrown) => settle(index, { kind: 'failed', error: ServiceError.from(thrown, { executed: 'no' }) }),
      );
    });
  });
}

/** One error for several: with their code where they agree, else `Unavailable`, and with what each said. */
export function errorOfAll(
  what: string,
  failures: readonly { readonly name: string; readonly error: ServiceError }[],
): ServiceError {
  const [first] = failures;
  const agree = first !== undefined && failures.every(({ error }) => error.code === first.error.code);
  const said = failures.map(({ name, error }) => `${name}: ${error.rawMessage}`).join('; ');
  return new ServiceError(agree ? first.error.code : 'Unavailable', `${what} (${said})`, {
    executed: 'no',
    cause: first?.error,
  });
}
