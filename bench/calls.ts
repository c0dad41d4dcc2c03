import { raceBench } from './harness/race-bench.js';

// Calls against the floors and every peer. Run: npm run bench -- calls [CELL] [--quick] [--long]

await raceBench('calls', process.argv.slice(2));
