import pino from 'pino';
import { expect, test } from 'vitest';
import {
  type App,
  consoleLogger,
  createApp,
  Endpoint,
  Logger,
  type Module,
  provide,
  Service,
  ServiceError,
} from '../src/index.js';

@Service('talker')
class Talker {
  constructor(private readonly logger: Logger) {}

  @Endpoint()
  say(): void {
    this.logger.child({ part: 'talker' }).info('said', { count: 1 });
  }
}

async function talk(...modules: Module[]): Promise<void> {
  const app: App = await createApp({ services: [Talker], profile: 'test', modules });
  await app.start();
  await app.client(Talker).say({}, { metadata: { 'x-request-id': 'r-1' } });
  await app.close();
}

test('a line within a handler carries fields and the request id, as JSON', async () => {
  const lines: string[] = [];
  await talk(consoleLogger({ format: 'json', write: (line) => lines.push(line) }));
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({
    level: 'info',
    message: 'said',
    requestId: 'r-1',
    part: 'talker',
    count: 1,
  });
});

test('or as text for people', async () => {
  const lines: string[] = [];
  await talk(consoleLogger({ format: 'text', write: (line) => lines.push(line) }));
  expect(lines[0]).toMatch(/^\d\d:\d\d:\d\d\.\d{3} INFO {2}said requestId=r-1 part=talker count=1$/);
});

test('levels below the chosen one are not written', async () => {
  const lines: string[] = [];
  await talk(consoleLogger({ level: 'warn', write: (line) => lines.push(line) }));
  expect(lines).toEqual([]);
});

test('pino takes its place by one provider', async () => {
  const lines: string[] = [];
  const write = (line: string): void => void lines.push(line);
  await talk(provide(Logger, [], () => pinoLogger(pino({ level: 'info' }, { write }))));
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({ msg: 'said', part: 'talker', count: 1 });
});

test('errors are written with their cause, and what is not JSON never throws', () => {
  const lines: string[] = [];
  const logger = consoleLogger({ format: 'json', write: (line) => lines.push(line) }).create() as Logger;
  const cyclic: { self?: unknown } = {};
  cyclic.self = cyclic;
  logger.error('failed', { error: new ServiceError('Internal', 'outer', { cause: new Error('inner') }), big: 1n });
  logger.error('cyclic', { cyclic });
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({
    error: { code: 'Internal', message: 'outer', cause: { message: 'inner' } },
    big: '1',
  });
  expect(JSON.parse(lines[1] ?? '')).toMatchObject({ message: 'cyclic', fields: 'not JSON' });
});

function pinoLogger(own: pino.Logger): Logger {
  return {
    debug: (message, fields) => own.debug(fields, message),
    info: (message, fields) => own.info(fields, message),
    warn: (message, fields) => own.warn(fields, message),
    error: (message, fields) => own.error(fields, message),
    child: (fields) => pinoLogger(own.child(fields)),
  };
}
