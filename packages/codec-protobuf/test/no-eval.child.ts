// Run by no-eval.test.ts in a process that may not make code of strings. Prints what happened as JSON.
import { everyField, roundTrip } from './every-field.js';

process.stdout.write(JSON.stringify({ forbidden: isForbidden(), ...roundTrip(everyField) }));

function isForbidden(): boolean {
  try {
    new Function('return 1');
    return false;
  } catch (thrown) {
    return thrown instanceof EvalError;
  }
}
