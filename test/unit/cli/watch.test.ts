// When the watch says that something has changed, on a disk and a clock that the test moves by hand.

import { beforeEach, describe, expect, test } from "bun:test";
import { createWatch, type Disk, type Timers, type Watch } from "../../../src/cli/watch.ts";

interface Entry {
  readonly text: string;
  readonly fresh?: boolean;
  readonly digest?: string;
}

/** Runs what is due when the test moves it on. */
class Clock implements Timers {
  #now = 0;
  #jobs = new Set<{ at: number; every: number | undefined; run: () => void }>();

  every(ms: number, run: () => void): () => void {
    return this.#add(ms, ms, run);
  }

  after(ms: number, run: () => void): () => void {
    return this.#add(ms, undefined, run);
  }

  #add(ms: number, every: number | undefined, run: () => void): () => void {
    const job = { at: this.#now + ms, every, run };
    this.#jobs.add(job);
    return () => void this.#jobs.delete(job);
  }

  pass(ms: number): void {
    const end = this.#now + ms;
    for (;;) {
      const due = [...this.#jobs].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
      if (due === undefined) break;
      this.#now = due.at;
      if (due.every === undefined) this.#jobs.delete(due);
      else due.at += due.every;
      due.run();
    }
    this.#now = end;
  }

  get waiting(): number {
    return this.#jobs.size;
  }
}

const files = new Map<string, Entry>();
const folderIds = new Map<string, string>();
const listeners = new Map<string, (name?: string) => void>();

const disk: Disk = {
  stamp(path) {
    const entry = files.get(path);
    return entry === undefined ? { text: "absent", fresh: true } : { fresh: false, ...entry };
  },
  digest: (path) => files.get(path)?.digest ?? "",
  folders: (path) => [path.slice(0, path.lastIndexOf("/"))],
  folderId: (folder) => folderIds.get(folder),
  watch(folder, onEvent) {
    const listener = (name?: string): void => onEvent(name);
    listeners.set(folder, listener);
    return () => {
      if (listeners.get(folder) === listener) listeners.delete(folder);
    };
  },
};

let clock: Clock;
let watch: Watch;
let changes: number;

/** Watches `paths`, and looks once, so that they are known. */
function begin(paths: readonly string[]): void {
  clock = new Clock();
  changes = 0;
  watch = createWatch({
    disk,
    timers: clock,
    onChange: () => {
      changes++;
      watch.follow(paths);
    },
  });
  watch.follow(paths);
  clock.pass(500);
  changes = 0;
}

beforeEach(() => {
  files.clear();
  folderIds.clear();
  listeners.clear();
  files.set("/etc/config.yaml", { text: "1" });
  folderIds.set("/etc", "a");
});

describe("an event in a watched folder", () => {
  test("leads to a look once the folder has been quiet for 100 ms", () => {
    begin(["/etc/config.yaml"]);
    files.set("/etc/config.yaml", { text: "2" });
    listeners.get("/etc")?.();
    clock.pass(60);
    listeners.get("/etc")?.();
    clock.pass(99);
    expect(changes).toBe(0);
    clock.pass(1);
    expect(changes).toBe(1);
  });

  test("leads to a look after 300 ms in a folder that is never quiet", () => {
    begin(["/etc/config.yaml"]);
    files.set("/etc/config.yaml", { text: "2" });
    for (let i = 0; i < 6; i++) {
      listeners.get("/etc")?.();
      expect(changes).toBe(0);
      clock.pass(50);
    }
    expect(changes).toBe(1);
  });

  test("about another file says nothing", () => {
    begin(["/etc/config.yaml"]);
    listeners.get("/etc")?.();
    clock.pass(400);
    expect(changes).toBe(0);
  });
});

describe("without any event", () => {
  test("a change is noticed within half a second", () => {
    begin(["/etc/config.yaml"]);
    files.set("/etc/config.yaml", { text: "2" });
    clock.pass(499);
    expect(changes).toBe(0);
    clock.pass(1);
    expect(changes).toBe(1);
    clock.pass(5_000);
    expect(changes).toBe(1);
  });

  test.each<[string, Entry | undefined]>([
    ["goes away", undefined],
    ["takes another inode", { text: "inode 7" }],
  ])("a file that %s is a change", (_, entry) => {
    begin(["/etc/config.yaml"]);
    files.delete("/etc/config.yaml");
    if (entry !== undefined) files.set("/etc/config.yaml", entry);
    clock.pass(500);
    expect(changes).toBe(1);
  });

  test("a file that appears where one was looked for in vain is a change", () => {
    begin(["/etc/config.yaml", "/etc/keys.d/new.yaml"]);
    files.set("/etc/keys.d/new.yaml", { text: "1" });
    clock.pass(500);
    expect(changes).toBe(1);
  });

  test("several files changed together are one change", () => {
    files.set("/etc/secret", { text: "1" });
    begin(["/etc/config.yaml", "/etc/secret"]);
    files.set("/etc/config.yaml", { text: "2" });
    files.set("/etc/secret", { text: "2" });
    clock.pass(2_000);
    expect(changes).toBe(1);
  });
});

describe("a file whose stamp is too young to be relied on", () => {
  test("is compared by content until it is older", () => {
    files.set("/etc/config.yaml", { text: "1", fresh: true, digest: "x" });
    begin(["/etc/config.yaml"]);
    clock.pass(500);
    expect(changes).toBe(0);
    files.set("/etc/config.yaml", { text: "1", fresh: true, digest: "y" });
    clock.pass(500);
    expect(changes).toBe(1);
    files.set("/etc/config.yaml", { text: "1", digest: "y" });
    clock.pass(1_000);
    expect(changes).toBe(1);
  });

  test("is compared once more when it has become old", () => {
    files.set("/etc/config.yaml", { text: "1", fresh: true, digest: "x" });
    begin(["/etc/config.yaml"]);
    files.set("/etc/config.yaml", { text: "1", digest: "y" });
    clock.pass(500);
    expect(changes).toBe(1);
  });
});

describe("what is followed", () => {
  test.each<[string, Entry | undefined, number]>([
    ["was just written", { text: "1", fresh: true, digest: "x" }, 1],
    ["is not there", undefined, 1],
    ["has long been as it is", { text: "1" }, 0],
  ])("counts as changed once if it may have been since it was read: one that %s", (_, entry, expected) => {
    begin(["/etc/config.yaml"]);
    if (entry !== undefined) files.set("/etc/secret", entry);
    watch.follow(["/etc/config.yaml", "/etc/secret"]);
    clock.pass(5_000);
    expect(changes).toBe(expected);
  });

  test("is all that is watched", () => {
    files.set("/run/secret", { text: "1" });
    folderIds.set("/run", "b");
    begin(["/etc/config.yaml", "/run/secret"]);
    expect([...listeners.keys()]).toEqual(["/etc", "/run"]);
    watch.follow(["/etc/config.yaml"]);
    expect([...listeners.keys()]).toEqual(["/etc"]);
    files.set("/run/secret", { text: "2" });
    clock.pass(500);
    expect(changes).toBe(0);
  });

  test("is watched anew in a folder that was replaced by another of its name", () => {
    begin(["/etc/config.yaml"]);
    const first = listeners.get("/etc");
    folderIds.set("/etc", "b");
    files.set("/etc/config.yaml", { text: "2" });
    clock.pass(500);
    expect(listeners.get("/etc")).not.toBe(first);
    expect(listeners.has("/etc")).toBe(true);
  });

  test("is watched as soon as its folder is there", () => {
    begin(["/later/config.yaml"]);
    expect(listeners.has("/later")).toBe(false);
    folderIds.set("/later", "c");
    files.set("/later/config.yaml", { text: "1" });
    clock.pass(500);
    expect(listeners.has("/later")).toBe(true);
  });

  test("is nothing after the end", () => {
    begin(["/etc/config.yaml"]);
    listeners.get("/etc")?.();
    watch.stop();
    expect(listeners.size).toBe(0);
    expect(clock.waiting).toBe(0);
  });
});

describe("a folder in which others write", () => {
  test("is left to the poll, once they write much", () => {
    files.set("/etc/config.yaml", { text: "1" });
    folderIds.set("/etc", "etc");
    begin(["/etc/config.yaml"]);
    for (let n = 0; n < 100; n++) listeners.get("/etc")?.("postern.db-wal");
    expect(listeners.has("/etc")).toBe(false);
    files.set("/etc/config.yaml", { text: "2" });
    clock.pass(500);
    expect(changes).toBe(1);
  });

  test("is still watched while they write little, and their files are not looked at", () => {
    files.set("/etc/config.yaml", { text: "1" });
    folderIds.set("/etc", "etc");
    begin(["/etc/config.yaml"]);
    const waiting = clock.waiting;
    for (let round = 0; round < 10; round++) {
      for (let n = 0; n < 10; n++) listeners.get("/etc")?.("postern.db-wal");
      expect(clock.waiting).toBe(waiting);
      clock.pass(500);
    }
    for (const name of ["config.yaml", "..data", undefined]) {
      listeners.get("/etc")?.(name);
      expect(clock.waiting).toBe(waiting + 2);
      clock.pass(200);
    }
  });
});
