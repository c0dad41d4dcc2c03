/** A field as it stands on the wire: its tag, and what is behind it. */
export function field(number: number, wireType: number, ...parts: readonly Uint8Array[]): Buffer {
  return Buffer.concat([varint(number * 8 + wireType), ...parts]);
}

/** A varint of a whole number of up to 2^53. */
export function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  while (rest > 0x7f) {
    bytes.push((rest % 0x80) | 0x80);
    rest = Math.floor(rest / 0x80);
  }
  return Buffer.from([...bytes, rest]);
}

/** Messages inside each other, in the field of that number: so many levels around the innermost bytes. In linear time. */
export function nestedFields(number: number, levels: number, innermost: Uint8Array = Buffer.alloc(0)): Buffer {
  const tag = varint(number * 8 + 2);
  const whole = Buffer.alloc(levels * (tag.length + 8) + innermost.length);
  let at = whole.length - innermost.length;
  whole.set(innermost, at);
  // From the inside out, so each length is known when it is written.
  for (let level = 0; level < levels; level += 1) {
    const length = varint(whole.length - at);
    at -= length.length;
    whole.set(length, at);
    at -= tag.length;
    whole.set(tag, at);
  }
  return whole.subarray(at);
}

/** Groups inside each other, as protobuf 1 wrote them, of a field that nobody knows. */
export function nestedGroups(levels: number): Buffer {
  const [start, end] = [field(200, 3), field(200, 4)];
  return Buffer.concat([Buffer.alloc(start.length * levels, start), Buffer.alloc(end.length * levels, end)]);
}

/** Samples inside each other, each as the value of an entry of the one around it. */
export function nestedEntries(levels: number): Buffer {
  const parts: Buffer[] = [];
  let length = 0;
  for (let level = 0; level < levels; level += 1) {
    const value = field(2, 2, varint(length));
    const entry = field(10, 2, varint(value.length + length));
    parts.push(value, entry);
    length += value.length + entry.length;
  }
  return Buffer.concat(parts.reverse());
}
