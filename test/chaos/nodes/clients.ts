import { meetingApp } from './meeting-app.js';
import type { Meeting } from './orders.js';
import { answerQuestions } from './questions.js';
import { Target } from './target.js';

// Many callers in one process, each an app with a registry of its own: says `ready` once each has called the target.

/** Given as the one argument, in JSON: each client has its own way to etcd. */
export interface ClientsOrder extends Omit<Meeting, 'etcd'> {
  readonly etcds: readonly string[];
}

const { etcds, ...meeting } = JSON.parse(process.argv[2] ?? '') as ClientsOrder;
await Promise.all(
  etcds.map(async (etcd, index) => {
    const app = await meetingApp({ ...meeting, etcd }, { log: { level: 'debug', format: 'json' } });
    await app.start();
    await app.client(Target).work({ id: `client-${process.pid}-${index}` });
  }),
);
answerQuestions({});
process.send?.({ ready: true });
