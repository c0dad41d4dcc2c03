import { raceBench } from './harness/race-bench.js';

// Streams against grpc-js. Run: npm run bench -- streams [CELL] [--quick] [--long]

await raceBench('streams', process.argv.slice(2));
