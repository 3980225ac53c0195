// What AWS calls things: the variables of access keys, and the name that signatures are made under.

/** Access keys, used where there is no bearer token. The token is for temporary keys only. */
export const AWS_KEY_VARIABLES = {
  accessKeyId: "AWS_ACCESS_KEY_ID",
  secretAccessKey: "AWS_SECRET_ACCESS_KEY",
  sessionToken: "AWS_SESSION_TOKEN",
} as const;

/** The name under which signatures for Bedrock are made; its host says `bedrock-runtime`. */
export const AWS_SIGNING_SERVICE = "bedrock";

/** A prefix of request headers that Bedrock reads and of response headers that its clients read. */
export const AWS_HEADER_PREFIX = "x-amzn-bedrock-";

export interface AccessKeys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string | undefined;
}

/** The access keys of an environment; undefined unless both halves are set. */
export function accessKeysOf(env: Readonly<Record<string, string | undefined>>): AccessKeys | undefined {
  const { accessKeyId: id, secretAccessKey: secret, sessionToken: token } = AWS_KEY_VARIABLES;
  const [accessKeyId, secretAccessKey, sessionToken] = [env[id], env[secret], env[token]];
  if (!accessKeyId || !secretAccessKey) return undefined;
  return { accessKeyId, secretAccessKey, sessionToken: sessionToken || undefined };
}
