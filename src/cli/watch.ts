// Notices that files have changed, whoever changes them and however. What they hold is not its business.

/** What can be told of a file without reading it. */
export interface Stamp {
  /** Differs after a change, nearly always. */
  readonly text: string;
  /** Changed so lately, or gone, that the stamp alone does not tell what came before or after it. */
  readonly fresh: boolean;
}

/** The disk, as far as it is needed; a path `FOLDER/*` means the names in a folder. No method throws. */
export interface Disk {
  /** Follows symbolic links. What is not there has a stamp too. */
  stamp(path: string): Stamp;
  /** Of the content; the same for all that cannot be read. */
  digest(path: string): string;
  /** The folders in which something happens when the path comes to hold something else. */
  folders(path: string): readonly string[];
  /** Tells a folder from one that later takes its name; undefined where there is none. */
  folderId(folder: string): string | undefined;
  /**
   * Calls back when anything happens in the folder, with the name of what it happened to, if that is known. Returns how
   * to stop; undefined when it cannot be watched.
   */
  watch(folder: string, onEvent: (name?: string) => void): (() => void) | undefined;
}

/** Both return how to stop. */
export interface Timers {
  every(ms: number, run: () => void): () => void;
  after(ms: number, run: () => void): () => void;
}

export interface Watch {
  /** Watches these paths from now on, instead of those before. */
  follow(paths: readonly string[]): void;
  stop(): void;
}

export interface WatchDeps {
  readonly disk: Disk;
  readonly timers: Timers;
  /** Something may have changed; expected to read everything and to call `follow`. */
  readonly onChange: () => void;
}

/** Nobody but the poll sees a change of a single bind-mounted file, or one made by another machine. */
const POLL_EVERY_MS = 500;
/** Whoever writes a file needs a moment to finish. */
const SETTLE_MS = 100;
/** A folder in which something happens all the time must not put it off for ever. */
const SETTLE_AT_MOST_MS = 300;
/**
 * More than that between two polls, to files that nobody follows: the store or a log lies in the folder, and each write
 * to it would cost an event. The poll alone looks after such a folder.
 */
const MOST_FOREIGN_EVENTS = 20;

interface Seen extends Stamp {
  readonly digest: string | undefined;
}

interface Watched {
  readonly id: string;
  readonly stop: () => void;
  /** Since the last poll. */
  foreignEvents: number;
}

const FOLDER_SUFFIX = "/*";
/** Kubernetes changes all files of a folder by one link of such a name. */
const SWAP_PREFIX = "..";

/**
 * Watches folders, since a watched file is lost at its first replacement, and asks for stamps every half second
 * beside. A new path whose stamp is fresh counts as changed: it may have been, between reading and watching it.
 */
export function createWatch({ disk, timers, onChange }: WatchDeps): Watch {
  let paths: readonly string[] = [];
  /** Names of the paths; undefined = any name may matter. */
  let names: ReadonlySet<string> | undefined;
  const seen = new Map<string, Seen>();
  const folders = new Map<string, Watched>();
  let cancelSettled: (() => void) | undefined;
  let cancelDeadline: (() => void) | undefined;

  function check(): void {
    cancelSettled?.();
    cancelDeadline?.();
    cancelSettled = cancelDeadline = undefined;
    // All of them are looked at, so that a change of several files is reported once.
    if (paths.filter(hasChanged).length > 0) onChange();
  }

  function hasChanged(path: string): boolean {
    const before = seen.get(path);
    const stamp = disk.stamp(path);
    const isSame = before?.text === stamp.text;
    if (isSame && !before.fresh) return false;
    const digest = stamp.fresh || isSame ? disk.digest(path) : undefined;
    seen.set(path, { ...stamp, digest });
    return !isSame || digest !== before.digest;
  }

  function begin(path: string): void {
    const stamp = disk.stamp(path);
    if (!stamp.fresh) seen.set(path, { ...stamp, digest: undefined });
  }

  function onEvent(folder: string, name: string | undefined): void {
    const isForeign =
      name !== undefined && names !== undefined && !names.has(name) && !name.startsWith(SWAP_PREFIX);
    if (isForeign) noteForeign(folder);
    else settle();
  }

  function noteForeign(folder: string): void {
    const watched = folders.get(folder);
    if (watched !== undefined && ++watched.foreignEvents > MOST_FOREIGN_EVENTS) watched.stop();
  }

  function settle(): void {
    cancelSettled?.();
    cancelSettled = timers.after(SETTLE_MS, check);
    cancelDeadline ??= timers.after(SETTLE_AT_MOST_MS, check);
  }

  function watchFolders(wanted: ReadonlySet<string>): void {
    for (const [folder, { id, stop }] of folders) {
      if (wanted.has(folder) && disk.folderId(folder) === id) continue;
      stop();
      folders.delete(folder);
    }
    for (const folder of wanted) {
      if (folders.has(folder)) continue;
      const id = disk.folderId(folder);
      const stop = id === undefined ? undefined : disk.watch(folder, (name) => onEvent(folder, name));
      if (id !== undefined && stop !== undefined) folders.set(folder, { id, stop, foreignEvents: 0 });
    }
  }

  function follow(next: readonly string[]): void {
    paths = [...new Set(next)];
    const anyName = paths.some((path) => path.endsWith(FOLDER_SUFFIX));
    names = anyName ? undefined : new Set(paths.map((path) => path.slice(path.lastIndexOf("/") + 1)));
    const known = new Set(paths);
    for (const path of seen.keys()) if (!known.has(path)) seen.delete(path);
    for (const path of paths) if (!seen.has(path)) begin(path);
    watchFolders(new Set(paths.flatMap(disk.folders)));
  }

  function poll(): void {
    for (const watched of folders.values()) watched.foreignEvents = 0;
    check();
  }

  const stopPolling = timers.every(POLL_EVERY_MS, poll);
  return {
    follow,
    stop() {
      stopPolling();
      follow([]);
      cancelSettled?.();
      cancelDeadline?.();
    },
  };
}
