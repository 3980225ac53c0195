// The parsed file as a tree in which every value still knows where it stands.

/** A file that was read. */
export interface Source {
  /** As the user wrote it; an included file relative in the same manner. */
  readonly name: string;
  /** Absolute folder that relative paths in the file start from. */
  readonly folder: string;
  /** Files are numbered in the order they are read. */
  readonly order: number;
  /** 1-based line and column of an offset in the text. */
  position(offset: number): { readonly line: number; readonly column: number };
}

export interface Place {
  readonly source: Source;
  readonly offset: number;
}

/** Keys and indices from the root. */
export type Path = readonly (string | number)[];

export type Node = MapNode | ListNode | ScalarNode;

export interface Entry {
  readonly key: Place;
  readonly value: Node;
}

export interface MapNode {
  readonly kind: "map";
  readonly place: Place;
  readonly entries: ReadonlyMap<string, Entry>;
  /** Characters of source it would have with all aliases written out. */
  readonly size: number;
}

export interface ListNode {
  readonly kind: "list";
  readonly place: Place;
  readonly items: readonly Node[];
  readonly size: number;
}

export interface ScalarNode {
  readonly kind: "scalar";
  readonly place: Place;
  readonly value: string | number | boolean | null;
  /**
   * `empty`: nothing stands there (`key:`). `whole`: came from a value that is wholly one `${…}`, to be converted to
   * the field's type. `missing`: its variable or file is not there, which was reported; the value is the raw text.
   */
  readonly origin: "written" | "empty" | "whole" | "missing";
  /** The variable, or `the file PATH`, that the value or its last part comes from. */
  readonly from?: string;
  readonly size: number;
}

/** The node at a path; undefined where the tree does not go that far. */
export function nodeAt(root: Node, path: Path): Node | undefined {
  let node: Node | undefined = root;
  for (const step of path) node = node === undefined ? undefined : childOf(node, step);
  return node;
}

function childOf(node: Node, step: string | number): Node | undefined {
  if (node.kind === "map") return node.entries.get(String(step))?.value;
  return node.kind === "list" ? node.items[Number(step)] : undefined;
}

/**
 * Where to point for a path: at the value, or at its key if asked for or if nothing stands there. Where the tree does
 * not go that far (a default), the nearest key above.
 */
export function locate(root: Node, path: Path, part: "key" | "value" = "value"): Place {
  let node = root;
  let key = root.place;
  for (const step of path) {
    const next = childOf(node, step);
    if (next === undefined) return key;
    key = node.kind === "map" ? (node.entries.get(String(step))?.key ?? key) : next.place;
    node = next;
  }
  const pointAtKey = part === "key" || (node.kind === "scalar" && node.origin === "empty");
  return pointAtKey ? key : node.place;
}
