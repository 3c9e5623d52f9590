/** RFC 4648 base32hex in lower case without padding: sorts like the bytes and survives a double click. */
export function base32(bytes: Uint8Array): string {
  let bits = 0;
  let value = 0;
  let text = "";
  for (const byte of bytes) {
    value = (value << 8) | byte;
    for (bits += 8; bits >= 5; bits -= 5) text += ((value >>> (bits - 5)) & 31).toString(32);
    value &= (1 << bits) - 1;
  }
  return bits === 0 ? text : text + ((value << (5 - bits)) & 31).toString(32);
}
