/** What is published, the same by everybody. */
export interface Sample {
  readonly seq: number;
  readonly text: string;
}

/** What a half of a contestant is told. */
export interface Settings {
  readonly nats: string;
  readonly topic: string;
  /** Kept by JetStream and acknowledged, or plain NATS. */
  readonly isKept: boolean;
  /** How many a subscription at least once holds unacknowledged. */
  readonly maxInFlight: number;
  /** How Tenon writes messages. Default: its own envelope, without metadata. */
  readonly envelope?: 'tenon' | 'go-micro' | undefined;
  readonly metadata?: Readonly<Record<string, string>> | undefined;
}

/** A module of a contestant, loaded in the process of either half. */
export interface PubSub {
  /** Resolves when messages will arrive. `seen` is called with each, as its handler sees it; the message is then handled. */
  readonly receive?: (settings: Settings, seen: (sample: Sample) => void) => Promise<Closing>;
  readonly send: (settings: Settings) => Promise<Sending>;
}

export interface Closing {
  close(): Promise<unknown> | unknown;
}

export interface Sending extends Closing {
  /** A promise where the contestant gives one. Kept messages: it resolves when the stream has it. */
  publish(sample: Sample): Promise<unknown> | undefined;
}

/** What a process is to do, given as its one argument, in JSON. */
export interface HalfOrder {
  readonly module: string;
  readonly settings: Settings;
  readonly task: /** Counts what arrives. */
    | { readonly kind: 'receive' }
    /** Publishes for ever, as far ahead of the receiver as `ahead` says. */
    | { readonly kind: 'stream'; readonly bytes: number; readonly ahead: number }
    /** So many at any time that wait for their confirmation; `count` of them, or for ever. */
    | { readonly kind: 'confirm'; readonly bytes: number; readonly inFlight: number; readonly count?: number };
}

/** What a half has done so far. */
export interface HalfUsage {
  /** Received, or confirmed; of a stream published. */
  readonly count: number;
  readonly cpuMicros: number;
  readonly atMs: number;
  /** Missing between the first and the last that came, or not as they were sent. */
  readonly wrong: number;
}

/** What halves and the harness say to each other. */
export type HalfMessage =
  | { readonly say: 'ready' }
  | { readonly say: 'usage?' }
  | { readonly say: 'usage'; readonly usage: HalfUsage }
  /** Receiver to harness to publisher. */
  | { readonly say: 'received'; readonly count: number }
  | { readonly say: 'done' }
  | { readonly say: 'failed'; readonly reason: string };
