// What every client of the compatibility tests has to do, whatever its own words for it are.

/** How a client reaches the gateway. */
export interface Reach {
  /** As the client takes it: with or without version. */
  readonly baseUrl: string;
  readonly key: string;
  readonly model: string;
  /** Variables that `postern env` prints, where the client is set up by nothing else; they hold URL and key. */
  readonly env?: Readonly<Record<string, string>>;
}

export interface Conversation {
  /** The whole answer's text. */
  ask(prompt: string): Promise<string>;
  /** The answer's text as it comes; errors are thrown. */
  stream(prompt: string, signal: AbortSignal): AsyncIterable<string>;
  /** Asks, calls the one tool it is told to, hands the result in, returns the final text. */
  useTool(prompt: string, streamed: boolean): Promise<string>;
}

export type OpenConversation = (reach: Reach) => Conversation;

/** One retry at most, in the client's own way of counting them. */
export const RETRIES = 1;

export const TOOL = {
  name: "get_weather",
  description: "Tells the weather of a city.",
  schema: {
    type: "object" as const,
    properties: { city: { type: "string" } },
    required: ["city"],
  },
};

/** The tool itself. It throws when it is not asked what it should be. */
export function weatherOf(input: unknown): string {
  const { city } = (typeof input === "string" ? JSON.parse(input) : input) as { city?: unknown };
  if (city !== "Paris") throw new Error(`the tool was called with ${JSON.stringify(input)}`);
  return "sunny in Paris";
}

/** Makes something while the variables are set; for clients that read them when they are made. */
export function withEnv<T>(env: Readonly<Record<string, string>> | undefined, make: () => T): T {
  const restore = setEnv(env ?? {});
  try {
    return make();
  } finally {
    restore();
  }
}

/** Sets variables of this process; the function that is returned puts things back. */
export function setEnv(env: Readonly<Record<string, string>>): () => void {
  const before = Object.keys(env).map((name) => [name, process.env[name]] as const);
  Object.assign(process.env, env);
  return () => {
    for (const [name, value] of before) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  };
}

/** A value that has to be there. */
export function need<T>(value: T | undefined | null, what: string): T {
  if (value === undefined || value === null) throw new Error(`no ${what} in the answer`);
  return value;
}
