import { expect, test } from 'vitest';
import { Frames } from './frames.js';

test('messages are whole, whatever the pieces they come in', () => {
  const messages = ['greeting', '', 'x'.repeat(5_000), 'last'].map(framed);
  const stream = Buffer.concat(messages);
  for (const size of [1, 2, 3, 7, 4_096, stream.length]) {
    const seen: string[] = [];
    const frames = new Frames((frame) => seen.push(frame.toString()));
    for (let at = 0; at < stream.length; at += size) frames.feed(stream.subarray(at, at + size));
    expect(seen).toEqual(messages.map(String));
  }
});

test.each([
  ['HTML', Buffer.from('HTTP/1.1 400 Bad Request\r\n')],
  ['a negative length', Buffer.from([0xff, 0xff, 0xff, 0xff])],
  ['a greeting of 2 KiB', Buffer.from([0, 0, 8, 0])],
  ['a later message of 16 MiB and more', Buffer.concat([framed('greeting'), Buffer.from([1, 0, 0, 1])])],
])('%s is refused at once', (_, bytes) => {
  const frames = new Frames(() => {});
  expect(() => frames.feed(bytes)).toThrow(/does not speak ZooKeeper/);
});

function framed(text: string): Buffer {
  const length = Buffer.alloc(4);
  length.writeInt32BE(text.length);
  return Buffer.concat([length, Buffer.from(text)]);
}
