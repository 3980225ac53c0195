// Model ids in paths: decoded once and checked on the way in, encoded again on the way out.

/** What no id has, and what a server behind the gateway could read as another path. */
const UNSAFE = /\.\.|[?#%\\\u0000-\u001f\u007f-\u009f]|^\.$/;

/** What `encodeURIComponent` leaves and strict readers (signatures of AWS among them) want encoded. */
const LEFT_BARE = /[!'()*]/g;

/** Why a model id is refused; for the caller. */
export const BAD_MODEL_ID =
  "the model id in the path is empty or holds `..`, `?`, `#`, `%`, a backslash or a control character; send it percent-encoded once";

/** The id that a path segment stands for; undefined when it is none, is not UTF-8, or could be read in two ways. */
export function decodeModelId(segment: string): string | undefined {
  const id = decodeOnce(segment);
  return id === undefined || id === "" || UNSAFE.test(id) ? undefined : id;
}

/** The id as one path segment. */
export function encodeModelId(id: string): string {
  return encodeURIComponent(id).replace(LEFT_BARE, hex);
}

function hex(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
}

function decodeOnce(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
