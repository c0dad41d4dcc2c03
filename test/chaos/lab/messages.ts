import { readFileSync } from 'node:fs';
import { eventually } from '@tenon/conformance';
import type { EventMeeting } from '../nodes/event-app.js';
import type { Listening, ListenOrder, ListenReport, ListenSettings } from '../nodes/listen.js';
import type { PublishFindings, PublishOrder } from '../nodes/publish.js';
import { Journals } from './journals.js';
import type { Lab } from './lab.js';
import type { LabProcess } from './lab-process.js';

/** Publishers and subscribers around one broker, each in a process of its own. */
export class Messages {
  readonly #journals = new Journals();
  #started = 0;

  constructor(
    private readonly lab: Lab,
    private readonly meeting: EventMeeting,
  ) {
    lab.atEnd(() => this.#journals.remove());
  }

  /** A process with subscriptions; they stand when it resolves. */
  async listener(
    subscriptions: readonly Listening[],
    more: {
      readonly settings?: ListenSettings;
      readonly meeting?: EventMeeting;
      /** Whose lines stand in one file, in the order in which they were done. Default: a file of its own. */
      readonly journal?: string;
      readonly logLevel?: ListenOrder['logLevel'];
    } = {},
  ): Promise<Listener> {
    this.#started += 1;
    const { meeting = this.meeting, journal: name = `listener-${this.#started}`, ...rest } = more;
    const journal = this.#journals.fileOf(name);
    const order: ListenOrder = { ...meeting, journal, subscriptions, ...rest };
    return new Listener(await this.lab.process('listen', order));
  }

  async publisher(meeting: EventMeeting = this.meeting): Promise<Sender> {
    return new Sender(await this.lab.process('publish', meeting));
  }

  /** How often each message was handled, by `<name of the subscription>-<seq>`. */
  handled(): ReadonlyMap<string, number> {
    return this.#journals.executions();
  }

  /** What stands in one journal, in its order. */
  linesOf(journal: string): readonly string[] {
    return readFileSync(this.#journals.fileOf(journal), 'utf8')
      .split('\n')
      .filter((line) => line !== '');
  }

  /**
   * Resolves when so many different ones were handled, by one subscription where it is named, or when it takes too long: what is missing
   * the row finds itself.
   */
  async settled(count: number, withinMs: number, name?: string): Promise<void> {
    const isCounted = (id: string): boolean => name === undefined || id.startsWith(`${name}-`);
    const handled = (): number => [...this.handled().keys()].filter(isCounted).length;
    const end = performance.now() + withinMs;
    while (handled() < count && performance.now() < end) await this.lab.pass(200);
  }
}

/** One process that subscribes. */
export class Listener {
  constructor(readonly lab: LabProcess) {}

  report(): Promise<ListenReport> {
    return this.lab.ask('report');
  }

  settings(settings: ListenSettings): Promise<void> {
    return this.lab.ask('settings', settings as object);
  }

  deadLetters(): Promise<readonly FoundDeadLetter[]> {
    return this.lab.ask('deadLetters');
  }

  drain(): Promise<void> {
    return this.lab.ask('drain', undefined, 60_000);
  }

  async kill(): Promise<void> {
    this.lab.process.kill();
    await this.lab.process.ended(10_000);
  }

  /** Resolves when its report is as wanted. */
  async until(isSo: (report: ListenReport) => boolean, withinMs: number): Promise<ListenReport> {
    return eventually(
      async () => {
        const report = await this.report();
        if (!isSo(report)) throw new Error(`so far: ${JSON.stringify(report)}`);
        return report;
      },
      { withinMs, everyMs: 50 },
    );
  }
}

/** A dead letter, as far as rows look at it. */
export interface FoundDeadLetter {
  readonly topic: string;
  readonly queue?: string;
  readonly attempts: number;
  readonly code: string;
  readonly reason: string;
  readonly timeMs: number;
}

/** One process that publishes. */
export class Sender {
  constructor(readonly lab: LabProcess) {}

  publish(order: PublishOrder): Promise<PublishFindings> {
    return this.lab.ask('publish', order as object, (order.count / order.rate) * 1_000 + 120_000);
  }

  progress(): Promise<number> {
    return this.lab.ask('progress');
  }
}

/** Those that were handled more than once. */
export function repeatedOf(handled: ReadonlyMap<string, number>): number {
  return [...handled.values()].reduce((sum, count) => sum + count - 1, 0);
}

/** Of the messages `from` to `from + count`, those that a subscription did not handle and that did not fail to be published. */
export function lostOf(
  handled: ReadonlyMap<string, number>,
  name: string,
  { from, count }: Pick<PublishOrder, 'from' | 'count'>,
  { failed }: Pick<PublishFindings, 'failed'>,
): number {
  const excused = new Set(failed);
  let lost = 0;
  for (let seq = from; seq < from + count; seq += 1) {
    if (!handled.has(`${name}-${seq}`) && !excused.has(seq)) lost += 1;
  }
  return lost;
}
