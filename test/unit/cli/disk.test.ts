// What the disk says of files and folders, and when it says something else.

import { describe, expect, test } from "bun:test";
import {
  appendFileSync,
  linkSync,
  mkdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { createDisk } from "../../../src/cli/disk.ts";
import { within } from "../../support/deadline.ts";
import { scratch } from "../../support/scratch.ts";

const HOUR_MS = 3_600_000;
const disk = createDisk(Date.now);

/** A folder as Kubernetes mounts it: `config.yaml` leads through `..data` to the version in force. */
function mounted(): { folder: string; swap: (version: string) => void } {
  const folder = scratch({ "..v1/config.yaml": "one" });
  symlinkSync("..v1", join(folder, "..data"));
  symlinkSync("..data/config.yaml", join(folder, "config.yaml"));
  return {
    folder,
    swap(version) {
      mkdirSync(join(folder, version));
      writeFileSync(join(folder, version, "config.yaml"), "one");
      symlinkSync(version, join(folder, "..data_tmp"));
      renameSync(join(folder, "..data_tmp"), join(folder, "..data"));
    },
  };
}

function replaceByRename(file: string): void {
  writeFileSync(`${file}~`, "one");
  renameSync(`${file}~`, file);
}

function removeAndMake(file: string): void {
  renameSync(file, `${file}~`);
  writeFileSync(file, "one");
}

function changeUnnoticed(file: string): void {
  writeFileSync(file, "two");
  utimesSync(file, 1, 1);
}

describe("the stamp of a file", () => {
  const REPLACEMENTS: [string, (file: string) => void][] = [
    ["is written longer", (file) => appendFileSync(file, "more")],
    ["is replaced by a rename", replaceByRename],
    ["is removed", unlinkSync],
    ["is removed and made again", removeAndMake],
    ["gets an old time after a change of the same length", changeUnnoticed],
  ];

  test.each(REPLACEMENTS)("differs when it %s", (_, replace) => {
    const file = join(scratch({ "config.yaml": "one" }), "config.yaml");
    const before = disk.stamp(file).text;
    expect(disk.stamp(file).text).toBe(before);
    replace(file);
    expect(disk.stamp(file).text).not.toBe(before);
  });

  test("differs when a link on the way to it leads elsewhere, each time", () => {
    const { folder, swap } = mounted();
    const file = join(folder, "config.yaml");
    const seen = new Set([disk.stamp(file).text]);
    for (const version of ["..v2", "..v3", "..v4"]) {
      swap(version);
      seen.add(disk.stamp(file).text);
    }
    expect(seen.size).toBe(4);
  });

  test("differs when it is written under another name", () => {
    const file = join(scratch({ "config.yaml": "one" }), "config.yaml");
    const other = join(scratch(), "elsewhere.yaml");
    linkSync(file, other);
    const before = disk.stamp(file).text;
    writeFileSync(other, "two, longer");
    expect(disk.stamp(file).text).not.toBe(before);
  });

  test.each([
    [0, true],
    [HOUR_MS, false],
    [-HOUR_MS, false],
  ])("is fresh only around the time of the change (clock %d ms on: %p)", (onMs, fresh) => {
    const file = join(scratch({ "config.yaml": "one" }), "config.yaml");
    expect(createDisk(() => Date.now() + onMs).stamp(file).fresh).toBe(fresh);
  });
});

describe("the stamp of a folder's names", () => {
  test("differs when a file comes, goes, or the folder does", () => {
    const folder = scratch({ "a.yaml": "" });
    const stamp = (): string => disk.stamp(join(folder, "*")).text;
    const seen = [stamp()];
    writeFileSync(join(folder, "b.yaml"), "");
    seen.push(stamp());
    rmSync(folder, { recursive: true });
    seen.push(stamp());
    mkdirSync(folder);
    seen.push(stamp());
    expect(new Set(seen).size).toBe(4);
  });

  test("does not differ when a file is written", () => {
    const folder = scratch({ "a.yaml": "" });
    const before = disk.stamp(join(folder, "*"));
    writeFileSync(join(folder, "a.yaml"), "more");
    expect(disk.stamp(join(folder, "*"))).toEqual(before);
  });

  test.each(["config.yaml", "*"])("and of a file is fresh where there is none (%s)", (name) => {
    expect(disk.stamp(join("/nowhere", name))).toEqual({ text: "absent", fresh: true });
  });
});

describe("the digest", () => {
  test("is that of the content", () => {
    const folder = scratch({ a: "one", b: "one", c: "two" });
    const [a, b, c] = ["a", "b", "c"].map((name) => disk.digest(join(folder, name)));
    expect(a).toBe(b as string);
    expect(a).not.toBe(c as string);
  });

  test("of what cannot be read is empty", () => {
    const folder = scratch();
    expect([folder, join(folder, "none"), join(folder, "*")].map(disk.digest)).toEqual(["", "", ""]);
  });
});

describe("the folders to watch", () => {
  test("are the file's own and, behind links, the real file's", () => {
    const { folder } = mounted();
    expect(disk.folders(join(folder, "config.yaml"))).toEqual([folder, join(folder, "..v1")]);
  });

  test("are also known for what is not there", () => {
    expect(disk.folders("/nowhere/config.yaml")).toEqual(["/nowhere"]);
  });

  test("of names are the folder itself", () => {
    const folder = scratch();
    expect(new Set(disk.folders(join(folder, "*")))).toEqual(new Set([folder]));
  });

  test("have an identity that another folder of the same name does not share", () => {
    const folder = scratch({ "sub/a": "" });
    const sub = join(folder, "sub");
    const before = disk.folderId(sub);
    renameSync(sub, join(folder, "old"));
    expect(disk.folderId(sub)).toBeUndefined();
    mkdirSync(sub);
    expect(disk.folderId(sub)).not.toBe(before);
  });

  test("call back when something happens in them", async () => {
    const folder = scratch();
    const { promise, resolve } = Promise.withResolvers<void>();
    const stop = disk.watch(folder, () => resolve());
    writeFileSync(join(folder, "config.yaml"), "one");
    await within("an event", promise);
    expect(stop).toBeDefined();
    stop?.();
  });

  test("that are not there are not watched, without an error", () => {
    expect(disk.watch("/nowhere/at/all", () => {})).toBeUndefined();
  });
});
