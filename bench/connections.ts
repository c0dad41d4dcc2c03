import { raceBench } from './harness/race-bench.js';

// What a connection and a stream hold, and how fast they open. Run: npm run bench -- connections [CELL] [--quick] [--long]

await raceBench('connections', process.argv.slice(2));
