import { type Meeting, messageOf } from '../harness/meeting.js';

/** A stranger's program that puts one of gRPC's named interoperability cases to a server. Rejects where the case fails. */
export type PutCase = (name: string, server: CaseServer) => Promise<unknown>;

/** A server that the cases are put to, on 127.0.0.1. */
export interface CaseServer {
  readonly port: number;
  readonly tls: boolean;
}

/**
 * Puts cases to our server. One that we fail and that the stranger's own server fails too says nothing about us: it is
 * skipped, with that reason.
 *
 * @param way - begins the names of the cases
 * @param own - the stranger's server, in the same way of talking
 */
export async function clientCases(meeting: Meeting, { way, names, put, ours, own }: ClientCases): Promise<void> {
  for (const name of names) {
    const full = `${way}: ${name}`;
    const failure = await failureOf(put(name, ours));
    if (failure === undefined) {
      meeting.record({ name: full, result: 'passed' });
      continue;
    }
    const ownFailure = await failureOf(put(name, own));
    if (ownFailure === undefined) meeting.record({ name: full, result: 'failed', reason: failure });
    else meeting.record({ name: full, result: 'skipped', reason: 'its own server fails it too' });
  }
}

export interface ClientCases {
  readonly way: string;
  readonly names: readonly string[];
  readonly put: PutCase;
  readonly ours: CaseServer;
  readonly own: CaseServer;
}

async function failureOf(outcome: Promise<unknown>): Promise<string | undefined> {
  try {
    await outcome;
    return undefined;
  } catch (thrown) {
    return messageOf(thrown);
  }
}
