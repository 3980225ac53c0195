// The ad-hoc signature of macOS binaries: it fits what it was made for, and nothing else.

import { describe, expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isSigned, sign } from "../../../scripts/macho-signature.ts";
import { scratch } from "../../support/scratch.ts";

const CODE_BYTES = 10_000;

function segment(name: string, offset: number, size: number): Buffer {
  const command = Buffer.alloc(72);
  command.writeUInt32LE(0x19, 0);
  command.writeUInt32LE(72, 4);
  command.write(name, 8, "latin1");
  command.writeBigUInt64LE(BigInt(offset), 24);
  command.writeBigUInt64LE(BigInt(size), 32);
  command.writeBigUInt64LE(BigInt(offset), 40);
  command.writeBigUInt64LE(BigInt(size), 48);
  return command;
}

/** A file in the shape of a macOS executable: two segments, and a signature that fits nothing. */
function unsigned(): string {
  const signature = Buffer.alloc(16);
  for (const [i, word] of [0x1d, 16, CODE_BYTES, 64].entries()) signature.writeUInt32LE(word, i * 4);
  const commands = [
    segment("__TEXT", 0, 8192),
    segment("__LINKEDIT", 8192, CODE_BYTES + 64 - 8192),
    signature,
  ];
  const bytes = Buffer.alloc(CODE_BYTES + 64, 0x5a);
  bytes.fill(0, 0, 32);
  bytes.writeUInt32LE(0xfeedfacf, 0);
  bytes.writeUInt32LE(commands.length, 16);
  Buffer.concat(commands).copy(bytes, 32);
  const file = join(scratch(), "binary");
  writeFileSync(file, bytes);
  return file;
}

describe("a binary", () => {
  test("is signed anew, whatever signature it had", () => {
    const file = unsigned();
    expect(isSigned(file)).toBe(false);
    sign(file, "postern");
    expect(isSigned(file)).toBe(true);
    const once = readFileSync(file);
    sign(file, "postern");
    expect(readFileSync(file).equals(once)).toBe(true);
  });

  test("keeps every byte of its code, and its last segment ends with the file", () => {
    const file = unsigned();
    const before = readFileSync(file);
    sign(file, "postern");
    const after = readFileSync(file);
    const commands = 32 + 72 * 2 + 16;
    expect(after.subarray(commands, CODE_BYTES).equals(before.subarray(commands, CODE_BYTES))).toBe(true);
    const linkEdit = 32 + 72;
    expect(8192n + after.readBigUInt64LE(linkEdit + 48)).toBe(BigInt(after.length));
  });

  test.each([40, 5000, CODE_BYTES - 1])("with byte %d changed is not signed any more", (at) => {
    const file = unsigned();
    sign(file, "postern");
    const bytes = readFileSync(file);
    bytes[at] = (bytes[at] ?? 0) ^ 1;
    writeFileSync(file, bytes);
    expect(isSigned(file)).toBe(false);
  });
});

test("a file that is none is refused", () => {
  const file = join(scratch({ file: new Uint8Array(100) }), "file");
  expect(() => sign(file, "postern")).toThrow("not a macOS executable");
});
