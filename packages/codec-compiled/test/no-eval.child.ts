// Run by no-eval.test.ts in a process that may not make code of strings. Prints what happened as JSON.
import { compileBuilder } from '../src/engine/layout-builder.js';
import { compileReader } from '../src/engine/layout-reader.js';
import { compileWriter } from '../src/engine/layout-writer.js';
import { agreement } from './agreement-story.js';
import { msgpack, written } from './layouts.js';
import { order, orderLayout, orderPlan } from './orders.js';

const options = { generateCode: true };
const plain = msgpack();
const bytes = written(compileWriter(orderLayout, options), order(), plain);
if (bytes === undefined) throw new Error('it does not fit');
const read = compileReader(orderLayout, options)(bytes, 0, bytes.length, plain.decode) as { readonly customer: string };

process.stdout.write(
  JSON.stringify({
    forbidden: isForbidden(),
    hex: bytes.toString('hex'),
    customer: read.customer,
    agreement: agreement(),
    builder: typeof compileBuilder(orderLayout, orderPlan, options),
  }),
);

function isForbidden(): boolean {
  try {
    new Function('return 1');
    return false;
  } catch (thrown) {
    return thrown instanceof EvalError;
  }
}
