/** Larger ones than UDP carries do not exist; those of go-micro may well be larger than the 9,000 bytes of RFC 6762 §17. */
const headerBytes = 12;

/**
 * Whether a packet may be decoded: cheap to tell, and what passes is cheap to decode.
 *
 * A name may end in a pointer to an earlier name, and an earlier name may be such a pointer itself: thousands of them in a row, behind
 * each name of a packet, keep a decoder busy for seconds. No encoder writes a pointer to a pointer, so a few of them (bytes that only look
 * so) are let through, and no more.
 */
export function isPlausible(packet: Buffer): boolean {
  if (packet.length < headerBytes) return false;
  let records = 0;
  for (let offset = 4; offset < headerBytes; offset += 2) records += packet.readUInt16BE(offset);
  // The shortest record that is of use takes 12 bytes, a question takes 5.
  if (records > maxRecords || records * 5 > packet.length) return false;
  let chained = 0;
  for (let at = headerBytes; at + 1 < packet.length; at += 1) {
    const high = packet[at] ?? 0;
    if (high < pointerMark) continue;
    const target = ((high & 0x3f) << 8) | (packet[at + 1] ?? 0);
    if (target >= headerBytes && target < at && (packet[target] ?? 0) >= pointerMark) chained += 1;
  }
  return chained <= maxChained;
}

const maxRecords = 1_500;
const maxChained = 64;
const pointerMark = 0xc0;
