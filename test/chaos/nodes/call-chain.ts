import { type ChainLoadOrder, ChainLoads } from './chain-loads.js';
import { meetingApp } from './meeting-app.js';
import type { Meeting } from './orders.js';
import { answerQuestions } from './questions.js';

// The caller of a chain, in a process of its own.

const app = await meetingApp(JSON.parse(process.argv[2] ?? '') as Meeting);
await app.start();
const loads = new ChainLoads(app);
answerQuestions({ load: (order: ChainLoadOrder) => loads.run(order) });
process.send?.({ ready: true });
