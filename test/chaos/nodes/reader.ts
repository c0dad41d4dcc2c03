import { Registry } from 'tenon';
import { meetingApp } from './meeting-app.js';
import type { Meeting } from './orders.js';
import { answerQuestions } from './questions.js';

// Reads a registry that somebody has filled with whatever, and says what that cost and what became of the prototypes.

/** What one lookup came to. */
export interface Reading {
  readonly nodes: number;
  /** The processor time of this process meanwhile, all that belongs to the lookup included. */
  readonly cpuMs: number;
}

const app = await meetingApp(JSON.parse(process.argv[2] ?? '') as Meeting, { log: { level: 'warn', format: 'json' } });
await app.start();
answerQuestions({
  read: async (service: string): Promise<Reading> => {
    const before = process.cpuUsage();
    const records = await app.get(Registry).lookup(service);
    const { user, system } = process.cpuUsage(before);
    const nodes = records.reduce((sum, record) => sum + record.nodes.length, 0);
    return { nodes, cpuMs: (user + system) / 1_000 };
  },
  list: () => app.get(Registry).list(),
  prototypes: () =>
    [Object, Array, Function, String, Map, Promise].map(({ prototype }) => Reflect.ownKeys(prototype).map(String)),
});
process.send?.({ ready: true });
