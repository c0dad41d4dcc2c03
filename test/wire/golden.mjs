// Makes the golden bytes of docs/wire/tenon-1.md out of the rows beside it. `node test/wire/golden.mjs` writes them into the
// page; a test compares the two.
import { readFileSync, writeFileSync } from 'node:fs';
import { argv } from 'node:process';
import { fileURLToPath } from 'node:url';
import { allowed } from './golden-allowed.mjs';
import { refused } from './golden-refused.mjs';
import { callId, frameBytes, preamble, segmentBytes, types } from './tenon-1-frames.mjs';
import * as payloads from './tenon-1-payloads.mjs';

export const page = fileURLToPath(new URL('../../docs/wire/tenon-1.md', import.meta.url));

/** The lines of the table of allowed bytes. */
export function allowedTable() {
  return [
    '| Id | From | Form | What | Frames | Bytes |',
    '|---|---|---|---|---|---|',
    ...allowed.map(([id, from, form, what, frames]) => {
      const bytes =
        form === 'preamble' ? preamble : form === 'segment' ? segmentOf(frames) : Buffer.concat(frames.map(bytesOf));
      return `| \`${id}\` | ${from} | ${form} | ${what} | \`${JSON.stringify(frames)}\` | \`${spaced(bytes)}\` |`;
    }),
  ];
}

/** The lines of the table of bytes that are refused. */
export function refusedTable() {
  return [
    '| Id | When | What | Bytes |',
    '|---|---|---|---|',
    ...refused.map(([id, when, what, frames, damage]) => {
      return `| \`${id}\` | ${when} | ${what} | \`${spaced(damaged(frames, damage))}\` |`;
    }),
  ];
}

/** The page's text with both tables as they are made here, each under its heading. */
export function withTables(text) {
  return [
    ['### Allowed', allowedTable()],
    ['### Refused', refusedTable()],
  ].reduce((changed, [heading, lines]) => {
    const start = changed.indexOf('\n|', changed.indexOf(`\n${heading}\n`)) + 1;
    const length = changed.slice(start).match(/^(?:\|.*\n)*/)[0].length;
    return changed.slice(0, start) + lines.map((line) => `${line}\n`).join('') + changed.slice(start + length);
  }, text);
}

/** One frame of a row. A payload that is given as it stands is not looked at. */
function bytesOf(frame) {
  const { type, slot = 0, turn = 0, more, optional } = frame;
  const payload = frame.payload === undefined ? payloadOf(frame) : Buffer.from(frame.payload, 'hex');
  const told = type === 'LEARN' ? Buffer.concat([Buffer.from([frame.codec]), payload]) : payload;
  return frameBytes(types[type] ?? type, callId(slot, turn), told, { more, optional });
}

function payloadOf(frame) {
  const fromHex = (text) => Buffer.from(text, 'hex');
  switch (frame.type) {
    case 'HELLO':
    case 'WELCOME':
      return payloads.greetingBytes(frame.json);
    case 'NAME':
      return Buffer.concat([payloads.nameBytes(frame), fromHex(frame.reserved ?? '')]);
    case 'CALL':
      return payloads.callBytes({ ...frame, request: fromHex(frame.request) });
    case 'HEAD':
    case 'REPLY':
      return payloads.replyBytes({ ...frame, reply: fromHex(frame.reply ?? '') });
    case 'ERROR':
      return payloads.errorBytes({ ...frame, details: fromHex(frame.details) });
    case 'CREDIT':
      return payloads.creditBytes(frame.bytes);
    case 'CANCEL':
      return Buffer.from([frame.code]);
    case 'GOAWAY':
      return payloads.goawayBytes(frame);
    case 'END':
    case 'STOP':
      return Buffer.alloc(0);
    default:
      throw new Error(`a row has a frame of type ${frame.type} without payload`);
  }
}

function segmentOf(frames) {
  return segmentBytes(frames.map(bytesOf));
}

function damaged(frames, { raw, body, flip } = {}) {
  if (raw !== undefined) return Buffer.from(raw, 'hex');
  if (body !== undefined) return segmentBytes([Buffer.from(body, 'hex')]);
  const bytes = segmentOf(frames);
  if (flip !== undefined) bytes[flip] ^= 1;
  return bytes;
}

function spaced(bytes) {
  return bytes.toString('hex').replace(/..(?!$)/g, '$& ');
}

if (argv[1] === fileURLToPath(import.meta.url)) writeFileSync(page, withTables(readFileSync(page, 'utf8')));
