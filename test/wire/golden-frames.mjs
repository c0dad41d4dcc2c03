// The frames of the golden tables in words. `golden.mjs` makes the bytes.

export const hello = { service: 'greeter', node: '', codecs: ['application/json'] };
export const name = (number, endpoint, kind) => ({ type: 'NAME', what: 'endpoint', number, kind, name: endpoint });
export const key = (number, text) => ({ type: 'NAME', what: 'key', number, name: text });
export const hex = (text) => Buffer.from(text).toString('hex');
export const call = (fields) => ({
  type: 'CALL',
  slot: 0,
  turn: 1,
  endpoint: 0,
  codec: 0,
  timeLeftUs: 0,
  metadata: [],
  ...fields,
});
export const reply = (fields) => ({
  type: 'REPLY',
  slot: 0,
  turn: 1,
  metadata: [],
  reply: hex('{"greeting":"hi"}'),
  ...fields,
});
export const of = (type, fields = {}) => ({ type, slot: 1, turn: 1, ...fields });
export const data = (text, fields) => of('DATA', { payload: hex(text), ...fields });
export const error = (fields) => ({ type: 'ERROR', slot: 0, turn: 1, codec: 255, details: '', ...fields });
export const ask = hex('{"name":"Ada"}');
