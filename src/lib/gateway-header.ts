// Names of the request headers that callers attribute their calls with: `X-Gateway-Customer` is the name `customer`.

const PREFIX = "x-gateway-";

/** Told by the gateway itself, so that no caller can pretend to be another; `metadata` is the header that holds many. */
const RESERVED = new Set([
  "organization_id",
  "workspace_id",
  "workspace_handle",
  "user_id",
  "user_email",
  "api_key_id",
  "api_key_short",
  "auth_mode",
  "user_agent",
  "applied_policy_ids",
  "applied_policy_names",
  "metadata",
]);

/**
 * The name that a header carries: without its prefix, in lower case, every character outside `[a-z0-9_]` as `_`
 * (`X-Gateway-CUSTOMER.ID` → `customer_id`). Undefined when the header does not begin with `X-Gateway-`, or ends there.
 */
export function normaliseGatewayHeader(name: string): string | undefined {
  const lower = name.toLowerCase();
  if (!lower.startsWith(PREFIX) || lower.length === PREFIX.length) return undefined;
  return lower.slice(PREFIX.length).replace(/[^a-z0-9_]/g, "_");
}

/** Whether a normalised name is one that callers cannot set: what they send under it is passed over. */
export function isReservedGatewayName(name: string): boolean {
  return RESERVED.has(name) || name.startsWith("gateway");
}
