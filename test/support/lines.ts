// Collects what a child process prints, line by line, while it runs.

export interface LineBuffer {
  readonly lines: readonly string[];
  text(): string;
}

/** Reads the stream to its end in the background. */
export function readLines(stream: ReadableStream<Uint8Array>): LineBuffer {
  const lines: string[] = [];
  let rest = "";
  const pump = async () => {
    const decoder = new TextDecoder();
    for await (const bytes of stream) {
      const parts = (rest + decoder.decode(bytes, { stream: true })).split("\n");
      rest = parts.pop() ?? "";
      lines.push(...parts);
    }
  };
  void pump();
  return { lines, text: () => [...lines, rest].join("\n") };
}
