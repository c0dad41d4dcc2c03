import { raceBench } from './harness/race-bench.js';

// Calls over gRPC beside grpc-js alone. Run: npm run bench -- grpc [CELL] [--quick] [--long]

await raceBench('grpc', process.argv.slice(2));
