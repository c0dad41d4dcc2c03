import { type App, type Metadata, ServiceError } from 'tenon';
import { Random } from './random-frames.js';
import { Target } from './target.js';

export interface MetadataOrder {
  readonly values: number;
  readonly seed: number;
}

export interface MetadataFindings {
  /** Values that were refused before they left, and those that arrived and came back. */
  readonly refused: number;
  readonly arrived: number;
  /** What was neither, or brought a field more. */
  readonly odd: readonly string[];
}

/** Sends values of metadata that would split a header if they could, and compares what arrived and what came back. */
export async function fuzzMetadata(app: App, { values, seed }: MetadataOrder): Promise<MetadataFindings> {
  const target = app.client(Target);
  const random = new Random(seed);
  const odd: string[] = [];
  let refused = 0;
  let arrived = 0;
  let made = 0;
  const note = (text: string): void => {
    if (odd.length < 5) odd.push(text);
  };
  const send = async (metadata: Metadata): Promise<Metadata | ServiceError> => {
    let replied: Metadata = {};
    const options = { metadata, timeoutMs: 30_000, onReply: (got: Metadata) => (replied = got) };
    try {
      const came = await target.headers({ id: 'headers' }, options);
      const back = Object.fromEntries(Object.entries(replied).filter(([name]) => name.startsWith('x-')));
      if (!isSame(back, came)) note(`came back otherwise: ${JSON.stringify([came, back])}`);
      return came;
    } catch (thrown) {
      return ServiceError.from(thrown);
    }
  };
  const sendBad = async (value: string): Promise<void> => {
    const became = await send({ 'x-0': value });
    if (became instanceof ServiceError && became.code === 'InvalidArgument' && became.executed === 'no') refused += 1;
    else note(`not refused: ${JSON.stringify(value)}`);
  };
  const sendGood = async (batch: readonly string[]): Promise<void> => {
    const metadata = Object.fromEntries(batch.map((value, index) => [`x-${index}`, value]));
    const became = await send(metadata);
    if (became instanceof ServiceError) note(`${became.message} for ${JSON.stringify(batch)}`);
    else if (isSame(became, metadata)) arrived += batch.length;
    else note(`arrived otherwise: ${JSON.stringify([metadata, became])}`);
  };
  const worker = async (): Promise<void> => {
    while (made < values) {
      const batch: string[] = [];
      while (batch.length < batchSize && made < values) {
        made += 1;
        const value = generated(random);
        if (isUnfit(value)) await sendBad(value);
        else batch.push(value);
      }
      if (batch.length > 0) await sendGood(batch);
    }
  };
  await Promise.all(Array.from({ length: 20 }, worker));
  return { refused, arrived, odd };
}

function isSame(one: Metadata, other: Metadata): boolean {
  const names = Object.keys(one);
  return names.length === Object.keys(other).length && names.every((name) => one[name] === other[name]);
}

function generated(random: Random): string {
  let value = '';
  for (let left = 1 + random.integer(6); left > 0; left -= 1) value += random.of(...pieces);
  return value;
}

/** What no header may hold: controls other than a tab, and half characters, which have no bytes. */
function isUnfit(value: string): boolean {
  if (/\p{Surrogate}/u.test(value)) return true;
  for (let at = 0; at < value.length; at += 1) {
    const code = value.charCodeAt(at);
    if ((code < 0x20 && code !== 0x09) || code === 0x7f) return true;
  }
  return false;
}

const pieces = [
  ...['\r\nx-evil: 1', '\r', '\n', '\0', '\x0b', '\x1b', '\x7f'],
  ...[
    'a',
    ' ',
    '\t',
    ':',
    ';',
    ',',
    '%0d%0a',
    '%',
    '"',
    '\\',
    '=?utf-8?b?',
    'ü',
    '\u010a',
    '\u010d',
    '\u2028',
    '漢',
    '🜚',
  ],
  ...['\u0085', '\u00a0', '\ufeff', 'x-evil: 1', '\ud800', 'GET / HTTP/1.1'],
];
const batchSize = 40;
