// Bytes as a Buffer: the same array with a Buffer's methods.

import { expect, test } from "bun:test";
import { asBuffer } from "../../../src/lib/as-buffer.ts";

test("is the very array, and reads like a Buffer", () => {
  const bytes = new Uint8Array([0x67, 0xc3, 0xb6]).subarray(0);
  const buffer = asBuffer(bytes);
  expect(buffer as Uint8Array).toBe(bytes);
  expect(buffer.toString("utf8")).toBe("gö");
  expect(buffer.subarray(1).toString("latin1")).toBe("Ã¶");
  expect(buffer.indexOf(0xb6)).toBe(2);
  expect(asBuffer(buffer)).toBe(buffer);
});

test("keeps to its part of a larger buffer", () => {
  const large = new Uint8Array([1, 2, 0x61, 0x62, 3]);
  expect(asBuffer(large.subarray(2, 4)).toString("latin1")).toBe("ab");
});
