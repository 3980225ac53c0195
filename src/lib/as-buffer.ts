// Lets bytes be read as a Buffer without a second view of them.

/**
 * The same array, as a Buffer. `Buffer.from(bytes.buffer, …)` would do too, but asking for `.buffer` makes the engine
 * build an ArrayBuffer for bytes that came without one: more time, and some kilobytes for each stream that is open.
 */
export function asBuffer(bytes: Uint8Array): Buffer {
  return bytes instanceof Buffer ? bytes : (Object.setPrototypeOf(bytes, Buffer.prototype) as Buffer);
}
