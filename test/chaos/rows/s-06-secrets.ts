import { randomBytes } from 'node:crypto';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Row } from '../harness/row.js';
import { EtcdKeys } from '../lab/etcd-keys.js';
import type { Lab } from '../lab/lab.js';
import { tlsOf } from '../lab/wire.js';

export const secrets: Row = {
  id: 'S-06',
  fault:
    '20 secrets planted: metadata, TLS keys and their path, passwords, errors of handlers, environment, values; and what can go wrong with them',
  bar: '0 found in logs at debug, what callers are told, registry, meter labels, app.describe() and process arguments',
  quiet: true,

  async run(lab) {
    const etcd = await lab.server('etcd');
    const { planted, environment } = plant(lab);
    const keeper = await lab.process(
      'secrets',
      { etcd: etcd.address },
      { environment: { ...process.env, ...environment } },
    );
    const { pid = 0 } = keeper.process;
    const entries = await new EtcdKeys(etcd.address).list('/');
    const places: Readonly<Record<string, string>> = {
      'what callers were told': (await keeper.ask<readonly string[]>('told')).join('\n'),
      'app.describe()': (await keeper.ask<readonly string[]>('described')).join('\n'),
      'meter labels': (await keeper.ask<readonly string[]>('labels')).join('\n'),
      registry: JSON.stringify(entries),
      'process arguments': readFileSync(`/proc/${pid}/cmdline`, 'utf8'),
    };
    await keeper.ask('close');
    const log = keeper.process.errors + keeper.process.lines.join('\n');
    const written: Readonly<Record<string, string>> = { ...places, log };

    const hits = planted.flatMap(({ where, text }) =>
      Object.entries(written).flatMap(([place, all]) => {
        // What a handler throws by accident stands in the service's own log, so that it can be mended: there and nowhere else.
        const looked = where === 'message of an error' ? withoutHandlerErrors(all) : all;
        return looked.includes(text) ? [`${where} in ${place}`] : [];
      }),
    );
    const failedHandlers = log.split('\n').filter(isHandlerError).length;
    const bytes = Object.values(written).reduce((sum, { length }) => sum + length, 0);
    return {
      n: planted.length,
      figure: `${hits.length} found of ${planted.length} planted, in ${bytes} bytes of ${Object.keys(written).join(', ')}`,
      passed:
        hits.length === 0 &&
        failedHandlers > 0 &&
        entries.length > 0 &&
        Object.values(places).every((text) => text !== ''),
      notes: [
        ...hits,
        `what a handler threw stands, by design, in the ${failedHandlers} log lines that its correlation id leads to, without cause and properties`,
      ].join('; '),
    };
  },
};

interface Planted {
  readonly where: string;
  /** What is looked for. */
  readonly text: string;
}

/** The secrets, and the environment that hands them to the process. Keys are real ones, on a path of our own. */
function plant(lab: Lab): {
  readonly planted: readonly Planted[];
  readonly environment: Readonly<Record<string, string>>;
} {
  const files = tlsOf('tenon/1+tls');
  if (typeof files?.ca !== 'string' || typeof files.cert !== 'string' || typeof files.key !== 'string')
    throw new Error('no certificates');
  const drawn = inText.map((where) => ({ where, text: `canary-${randomBytes(12).toString('hex')}` }));
  const folder = mkdtempSync(join(tmpdir(), 'tenon-chaos-'));
  lab.atEnd(() => rmSync(folder, { recursive: true, force: true }));
  const secretFolder = join(folder, `canary-${randomBytes(12).toString('hex')}`);
  mkdirSync(secretFolder);
  const key = join(secretFolder, 'key.pem');
  copyFileSync(files.key, key);
  const wrongKey = readFileSync(files.key.replace('server-key', 'stranger-key'), 'utf8');
  const known = {
    ...Object.fromEntries(drawn.map(({ where, text }) => [where, text])),
    'path of the certificates': files.ca,
    'path of the certificate': files.cert,
    'path of the key': key,
    'text of a wrong key': wrongKey,
  };
  const planted = [
    ...drawn,
    { where: 'path of the key', text: secretFolder },
    { where: 'text of the key', text: lineOf(readFileSync(files.key, 'utf8')) },
    { where: 'text of a wrong key', text: lineOf(wrongKey) },
  ];
  const environment = planted.find(({ where }) => where === 'environment')?.text ?? '';
  return { planted, environment: { SECRETS: JSON.stringify(known), DATABASE_PASSWORD: environment } };
}

/** One in the middle of a PEM, which is the key itself. */
function lineOf(pem: string): string {
  const lines = pem.trim().split('\n');
  return lines[Math.floor(lines.length / 2)] ?? pem;
}

function isHandlerError(line: string): boolean {
  return line.includes('"message":"a handler failed"');
}

function withoutHandlerErrors(log: string): string {
  return log
    .split('\n')
    .filter((line) => !isHandlerError(line))
    .join('\n');
}

const inText = [
  'authorization',
  'cookie',
  'API key',
  'session',
  'reply metadata',
  'password of etcd',
  'URL of etcd',
  'password of NATS',
  'token of NATS',
  'URL of NATS',
  'message of an error',
  'cause of an error',
  'property of an error',
  'cause of a service error',
  'value that is not valid',
  'value of a call',
  'environment',
];
