import type { Serializable } from 'node:child_process';
import type { NodeProcess } from '@tenon/testing/node-process';

/** A question of the harness to one of its processes, and the answer, as they cross the IPC channel. */
interface Question {
  readonly question: number;
  readonly what: string;
  readonly value: unknown;
}
interface Answer {
  readonly answerTo: number;
  readonly value?: unknown;
  readonly failure?: string;
}

/** The asking side: the harness, towards one process. */
export class Questions {
  #asked = 0;

  constructor(private readonly process: NodeProcess) {}

  /** Rejects with what the process says it failed with, when it ends, and after `withinMs`. */
  async ask<T>(what: string, value: unknown, withinMs: number): Promise<T> {
    this.#asked += 1;
    const question = this.#asked;
    const isAnswer = (message: unknown): Answer | undefined =>
      (message as Answer).answerTo === question ? (message as Answer) : undefined;
    const answered = this.process.message(isAnswer, withinMs);
    this.process.say({ question, what, value } as Serializable);
    const { value: answer, failure } = await answered;
    if (failure !== undefined) throw new Error(`${what} failed: ${failure}`);
    return answer as T;
  }
}

/** The answering side: a process, whose handlers are named as the questions are. Ends the process with its harness. */
export function answerQuestions(handlers: Readonly<Record<string, (value: never) => unknown>>): () => void {
  const orphaned = (): never => process.exit(1);
  const heard = ({ question, what, value }: Question): void => {
    const act = async (): Promise<unknown> => {
      const handler = handlers[what];
      if (handler === undefined) throw new Error(`no question ${what}`);
      return handler(value as never);
    };
    const say = (answer: Answer): void => void process.send?.(answer);
    act().then(
      (answer) => say({ answerTo: question, value: answer }),
      (failure) =>
        say({ answerTo: question, failure: failure instanceof Error ? `${failure.stack}` : String(failure) }),
    );
  };
  process.on('message', heard);
  process.once('disconnect', orphaned);
  return () => {
    process.off('message', heard);
    process.off('disconnect', orphaned);
    if (process.connected) process.disconnect();
  };
}
