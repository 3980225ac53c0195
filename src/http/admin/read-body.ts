// Reads the small JSON body of an admin POST.

import { GatewayError } from "../../errors.ts";
import { isRecord, type JsonRecord, parseJson } from "../../lib/json-value.ts";

const MAX_BYTES = 64 * 1024;

const JSON_TYPE = /^application\/(?:[a-z0-9!#$&^_.+-]+\+)?json\s*(?:;|$)/i;

/**
 * The object that was sent; an empty one where there is no body.
 *
 * @throws {GatewayError} `unsupported_media_type`, `body_too_large`, or `invalid_request` for anything but a JSON object
 */
export async function readJsonBody(request: Request): Promise<JsonRecord> {
  const text = await readText(request);
  if (text === "") return {};
  if (!JSON_TYPE.test(request.headers.get("content-type") ?? ""))
    throw new GatewayError(
      "unsupported_media_type",
      "send the body as JSON, with `content-type: application/json`",
    );
  const value = parseJson(text);
  if (!isRecord(value)) throw new GatewayError("invalid_request", "the body must be one JSON object");
  return value;
}

async function readText(request: Request): Promise<string> {
  if (Number(request.headers.get("content-length") ?? 0) > MAX_BYTES) throw tooLarge();
  if (request.body === null) return "";
  const decoder = new TextDecoder();
  let text = "";
  let size = 0;
  for await (const chunk of request.body) {
    size += chunk.length;
    if (size > MAX_BYTES) throw tooLarge();
    text += decoder.decode(chunk, { stream: true });
  }
  return (text + decoder.decode()).trim();
}

function tooLarge(): GatewayError {
  return new GatewayError("body_too_large", `the body of an admin request may have ${MAX_BYTES} bytes`);
}
