import type { Logger } from '@tenon/contract';
import type { Session } from './session.js';

/** Says in the log where a server does not keep what the options promise of it; a server that does not tell is believed. */
export async function checkDurability(session: Session, logger: Logger): Promise<void> {
  const found = await Promise.all(
    ['appendonly', 'appendfsync'].map((name) => session.command('CONFIG', 'GET', name).catch(() => undefined)),
  );
  const [appendonly, appendfsync] = found.map((pair) => (Array.isArray(pair) ? String(pair[1]) : undefined));
  if (appendonly === undefined || appendfsync === undefined) {
    logger.info('Redis does not tell how it keeps its data; outlives: "broker" is taken on trust');
  } else if (appendonly !== 'yes' || appendfsync !== 'always') {
    const mend = 'run it with appendonly yes and appendfsync always, or declare outlives: "publisher"';
    logger.warn('Redis may lose messages with its machine, which the options deny', { appendonly, appendfsync, mend });
  }
}
