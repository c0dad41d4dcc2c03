import { raceBench } from './harness/race-bench.js';

// Hours of mixed calls: memory and handles. Run: npm run bench -- soak [CELL] [--quick] [--long]

await raceBench('soak', process.argv.slice(2));
