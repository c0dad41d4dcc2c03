import { type HopPlace, type HopSettings, HopState, hopOptions } from './hop.js';
import { meetingApp } from './meeting-app.js';
import type { Meeting } from './orders.js';
import { answerQuestions } from './questions.js';

// One service of a chain, in a process of its own.

const order = JSON.parse(process.argv[2] ?? '') as Meeting & HopPlace;
const state = new HopState();
const app = await meetingApp(order, hopOptions(order, state));
answerQuestions({
  report: () => state.report(),
  settings: (settings: HopSettings) => {
    state.settings = settings;
  },
});
await app.start();
process.send?.({ ready: true });
