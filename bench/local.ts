import { raceBench } from './harness/race-bench.js';

// A call without a socket. Run: npm run bench -- local [CELL] [--quick] [--long]

await raceBench('local', process.argv.slice(2));
