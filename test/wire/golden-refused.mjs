import { ask, call, data, hello, hex, key, name, of, reply } from './golden-frames.mjs';

const greeting = { type: 'HELLO', json: hello };
const twice = (one) => [one, one];
const hi = name(0, 'Greeter.Hello', 'unary');
const sum = name(2, 'Greeter.Sum', 'client');

/**
 * Bytes from a client that are a protocol error. `hello`: in place of HELLO; `open`: the first after WELCOME, at a server
 * with default limits. The changes damage the segment after it was made.
 */
export const refused = [
  ['hello-not-json', 'hello', 'a HELLO that is not JSON', [{ type: 'HELLO', payload: hex('{"service"') }]],
  ['hello-without-codecs', 'hello', 'a HELLO without codecs', [{ type: 'HELLO', json: { ...hello, codecs: [] } }]],
  [
    'hello-small-window',
    'hello',
    'a window under 1,024',
    [{ type: 'HELLO', json: { ...hello, limits: { window: 1_023 } } }],
  ],
  ['not-hello', 'hello', 'PING before HELLO', [{ type: 'PING', payload: '0102030405060708' }]],
  ['hello-again', 'open', 'a second HELLO', [greeting]],
  [
    'damaged-body',
    'open',
    'one bit of the body is wrong',
    [{ type: 'PING', payload: '0102030405060708' }],
    { flip: 20 },
  ],
  ['damaged-crc', 'open', 'one bit of the CRC is wrong', [{ type: 'PING', payload: '0102030405060708' }], { flip: 7 }],
  ['damaged-length', 'open', 'the check of the length is wrong; its header is enough', [], { raw: '0000105800000000' }],
  ['segment-empty', 'open', 'a segment of no bytes; its header is enough', [], { raw: '0000005a00000000' }],
  ['segment-too-long', 'open', 'a segment of 131,073 bytes; its header is enough', [], { raw: '0200015900000000' }],
  ['frame-too-long', 'open', 'a frame of 65,537 bytes; its header is enough', [], { body: '0100011200010000' }],
  ['frame-cut', 'open', 'a frame that goes on after its segment', [], { body: '0000080400000000ffff' }],
  ['header-cut', 'open', 'three bytes of a frame', [], { body: '000008' }],
  ['unknown', 'open', 'an unknown frame that is not optional', [{ type: 63, payload: '' }]],
  ['ping-more', 'open', 'PING with MORE', [{ type: 'PING', more: true, payload: '0102030405060708' }]],
  ['ping-short', 'open', 'PING of seven bytes', [{ type: 'PING', payload: '01020304050607' }]],
  [
    'ping-of-call',
    'open',
    'PING with the id of a call',
    [{ type: 'PING', slot: 0, turn: 1, payload: '0102030405060708' }],
  ],
  ['call-without-id', 'open', 'CALL with the id 0', [hi, { ...call({ request: ask }), slot: 0, turn: 0 }]],
  ['call-unnamed', 'open', 'an endpoint that was never told', [call({ request: ask })]],
  ['call-no-codec', 'open', 'a codec that the server does not list', [hi, call({ codec: 200, request: ask })]],
  ['call-no-key', 'open', 'a key that was never told', [hi, call({ metadata: [[7, 'a']], request: ask })]],
  ['call-cut', 'open', 'CALL of seven bytes', [hi, of('CALL', { payload: '00000000000000' })]],
  [
    'call-metadata-cut',
    'open',
    'two entries announced, one there',
    [hi, of('CALL', { payload: '0000000200000000000161016200' })],
  ],
  [
    'call-varint',
    'open',
    'a varint of five bytes',
    [hi, of('CALL', { payload: '0000000100000000808080800001610162' })],
  ],
  [
    'call-65-entries',
    'open',
    '65 metadata entries',
    [hi, key(1, 'a'), call({ metadata: Array.from({ length: 65 }, () => [1, '']), request: ask })],
  ],
  [
    'slot-in-use',
    'open',
    'CALL for a slot whose call is not over',
    [hi, call({ more: true, request: ask }), call({ turn: 2, request: ask })],
  ],
  ['turn-skipped', 'open', 'a slot’s first CALL with turn 2', [hi, call({ turn: 2, request: ask })]],
  ['slot-too-high', 'open', 'slot 65,535', [hi, call({ slot: 65_535, request: ask })]],
  ['slot-unused', 'open', 'DATA for a slot that was never used', [data('1')]],
  ['data-of-unary', 'open', 'DATA inside a unary call', [hi, call({ slot: 1, more: true, request: ask }), data('1')]],
  [
    'rest-of-stream',
    'open',
    'REST inside a client stream',
    [sum, call({ slot: 1, endpoint: 2, request: '' }), of('REST', { payload: hex('1') })],
  ],
  ['from-server', 'open', 'REPLY from a client', [hi, call({ more: true, request: ask }), reply()]],
  ['welcome-from-client', 'open', 'WELCOME from a client', [{ type: 'WELCOME', json: hello }]],
  ['name-twice', 'open', 'an endpoint’s number told twice', twice(hi)],
  ['name-key-twice', 'open', 'a key’s number told twice', twice(key(1, 'tenant'))],
  ['name-key-zero', 'open', 'the key number 0', [key(0, 'tenant')]],
  ['name-too-high', 'open', 'the endpoint number 4,096', [name(4_096, 'Greeter.Hello', 'unary')]],
  ['name-empty', 'open', 'a name of no bytes', [name(0, '', 'unary')]],
  ['name-too-long', 'open', 'a name of 257 bytes', [name(0, 'A'.repeat(257), 'unary')]],
  ['name-of-nothing', 'open', 'NAME of a third sort', [{ type: 'NAME', payload: '020000000141' }]],
  ['name-no-kind', 'open', 'an endpoint of a fifth kind', [{ type: 'NAME', payload: '000000040141' }]],
  ['credit-short', 'open', 'CREDIT of three bytes', [{ type: 'CREDIT', payload: '000001' }]],
  ['credit-too-much', 'open', 'credit above 2^31 − 1', [{ type: 'CREDIT', bytes: 2_147_483_647 }]],
  ['learn-unlinked', 'open', 'LEARN where nothing is linked', [{ type: 'LEARN', codec: 0, payload: '0102030405' }]],
];
