// The ad-hoc signature of a macOS executable: whether it fits, and a new one. Apple's `codesign` runs on a Mac only.

import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";

/** Mach-O's load commands and the parts of a signature; Apple's loader.h and cs_blobs.h. */
const MAGIC_64 = 0xfeedfacf;
const LC_SEGMENT_64 = 0x19;
const LC_CODE_SIGNATURE = 0x1d;
const SUPER_BLOB = 0xfade0cc0;
const CODE_DIRECTORY = 0xfade0c02;
const AD_HOC_LINKER_SIGNED = 0x20002;
const MAIN_BINARY = 1n;

const HEADER_BYTES = 32;
const SUPER_BLOB_BYTES = 20;
const DIRECTORY_BYTES = 88;
const PAGE_BYTES = 4096;
const HASH_BYTES = 32;
/** Segments are as long in memory as a multiple of the largest page that any Mac has. */
const SEGMENT_BYTES = 0x4000;

interface Layout {
  /** Offsets of load commands. */
  readonly signatureCommand: number;
  readonly linkEditCommand: number;
  /** How much of the file is executable code, from its beginning. */
  readonly textBytes: bigint;
  /** Where the signature begins; everything before it is signed. */
  readonly signedBytes: number;
}

/** Whether every page is as the signature says. */
export function isSigned(file: string): boolean {
  const bytes = readFileSync(file);
  const { signedBytes } = layoutOf(bytes);
  const blob = bytes.subarray(signedBytes);
  if (blob.readUInt32BE(0) !== SUPER_BLOB) return false;
  const directory = blob.subarray(blob.readUInt32BE(16));
  const [hashOffset, pages] = [directory.readUInt32BE(16), directory.readUInt32BE(28)];
  if (directory.readUInt32BE(0) !== CODE_DIRECTORY || directory.readUInt32BE(32) !== signedBytes)
    return false;
  const hashes = directory.subarray(hashOffset, hashOffset + pages * HASH_BYTES);
  return hashes.equals(pageHashes(bytes.subarray(0, signedBytes)));
}

/** Puts an ad-hoc signature in the place of whatever signature there is; `name` is what the binary calls itself. */
export function sign(file: string, name: string): void {
  const old = readFileSync(file);
  const { signatureCommand, linkEditCommand, textBytes, signedBytes } = layoutOf(old);
  const identifier = Buffer.from(`${name}\0`);
  const pages = Math.ceil(signedBytes / PAGE_BYTES);
  const hashOffset = DIRECTORY_BYTES + identifier.length;
  const directoryBytes = hashOffset + pages * HASH_BYTES;
  const blobBytes = SUPER_BLOB_BYTES + directoryBytes;
  const size = Math.ceil(blobBytes / 16) * 16;
  const bytes = Buffer.alloc(signedBytes + size);
  old.copy(bytes, 0, 0, signedBytes);
  bytes.writeUInt32LE(size, signatureCommand + 12);
  // __LINKEDIT ends with the file: its size in memory, and in the file.
  const linkEditBytes = bytes.length - Number(bytes.readBigUInt64LE(linkEditCommand + 40));
  const inMemory = Math.ceil(linkEditBytes / SEGMENT_BYTES) * SEGMENT_BYTES;
  bytes.writeBigUInt64LE(BigInt(inMemory), linkEditCommand + 32);
  bytes.writeBigUInt64LE(BigInt(linkEditBytes), linkEditCommand + 48);

  const blob = bytes.subarray(signedBytes);
  writeWords(blob, 0, [SUPER_BLOB, blobBytes, 1, 0, SUPER_BLOB_BYTES]);
  const directory = blob.subarray(SUPER_BLOB_BYTES);
  const version = 0x20400;
  const head = [CODE_DIRECTORY, directoryBytes, version, AD_HOC_LINKER_SIGNED, hashOffset, DIRECTORY_BYTES];
  writeWords(directory, 0, [...head, 0, pages, signedBytes]);
  // Size and kind of the hashes (2 = SHA-256), platform, page size as a power of two.
  directory.set([HASH_BYTES, 2, 0, Math.log2(PAGE_BYTES)], 36);
  directory.writeBigUInt64BE(textBytes, 72);
  directory.writeBigUInt64BE(MAIN_BINARY, 80);
  identifier.copy(directory, DIRECTORY_BYTES);
  pageHashes(bytes.subarray(0, signedBytes)).copy(directory, hashOffset);
  writeFileSync(file, bytes);
}

function layoutOf(bytes: Buffer): Layout {
  if (bytes.readUInt32LE(0) !== MAGIC_64) throw new Error("not a macOS executable");
  let at = HEADER_BYTES;
  let signatureCommand = 0;
  let linkEditCommand = 0;
  let textBytes = 0n;
  for (let left = bytes.readUInt32LE(16); left > 0; left--) {
    const command = bytes.readUInt32LE(at);
    if (command === LC_CODE_SIGNATURE) signatureCommand = at;
    if (command === LC_SEGMENT_64) {
      const name = bytes.toString("latin1", at + 8, at + 24).replace(/\0+$/, "");
      if (name === "__LINKEDIT") linkEditCommand = at;
      if (name === "__TEXT") textBytes = bytes.readBigUInt64LE(at + 48);
    }
    at += bytes.readUInt32LE(at + 4);
  }
  if (signatureCommand === 0 || linkEditCommand === 0) throw new Error("no place for a signature");
  return {
    signatureCommand,
    linkEditCommand,
    textBytes,
    signedBytes: bytes.readUInt32LE(signatureCommand + 8),
  };
}

function pageHashes(signed: Buffer): Buffer {
  const hashes: Uint8Array[] = [];
  for (let at = 0; at < signed.length; at += PAGE_BYTES)
    hashes.push(
      createHash("sha256")
        .update(signed.subarray(at, at + PAGE_BYTES))
        .digest(),
    );
  return Buffer.concat(hashes);
}

function writeWords(to: Buffer, at: number, words: readonly number[]): void {
  words.forEach((word, i) => {
    to.writeUInt32BE(word, at + i * 4);
  });
}
