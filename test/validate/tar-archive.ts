const text = new TextEncoder();

/** A ustar entry: a header with its checksum, then the content in blocks of 512. */
export function entry(path: string, content: string, kind = '0', damage = 0): Uint8Array {
  const bytes = text.encode(content);
  const out = new Uint8Array(512 + Math.ceil(bytes.length / 512) * 512);
  out.set(text.encode(path).subarray(0, 100), 0);
  out.set(text.encode('0000644\0'), 100);
  out.set(text.encode(`${bytes.length.toString(8).padStart(11, '0')}\0`), 124);
  out.set(text.encode(kind), 156);
  out.set(text.encode('ustar\x0000'), 257);
  out.fill(32, 148, 156);
  const sum = out.subarray(0, 512).reduce((total, byte) => total + byte, 0) + damage;
  out.set(text.encode(`${sum.toString(8).padStart(6, '0')}\0 `), 148);
  out.set(bytes, 512);
  return out;
}

/** An archive of entries, with the two empty blocks at its end. */
export function tar(...entries: Uint8Array[]): Uint8Array {
  return Buffer.concat([...entries, new Uint8Array(1024)]);
}
