import { ConsulDouble } from './consul-double.js';
import type { DoubleQuestion } from './double-process.js';

// The double of `DoubleProcess`: says where it listens, and does what it is told.

const double = await ConsulDouble.start();
process.on('message', async (question: DoubleQuestion) => {
  if (question === 'kill') await double.kill();
  if (question === 'restart') await double.restart();
  if (question === 'clear') await double.clear();
  process.send?.(question === 'watches' ? double.watches : 'done');
});
process.once('disconnect', () => process.exit(1));
process.send?.(double.endpoint);
