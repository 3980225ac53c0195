// The child's side of a measurement: takes jobs from the parent one at a time and sends back what came of each.

/** What a child sends: its greeting, then one of these per job. */
export type ChildMessage =
  | { readonly kind: "ready"; readonly value: unknown }
  | { readonly kind: "result"; readonly value: unknown }
  | { readonly kind: "failed"; readonly message: string };

export function send(message: ChildMessage): void {
  process.send?.(message);
}

/** Announces the child and answers jobs until the parent goes away. */
export function serveJobs<J>(work: (job: J) => Promise<unknown>): void {
  endWithParent();
  process.on("message", (job: J) => {
    work(job).then(
      (value) => send({ kind: "result", value }),
      (error: unknown) =>
        send({ kind: "failed", message: error instanceof Error ? error.message : String(error) }),
    );
  });
  send({ kind: "ready", value: null });
}

/** A child without a parent has nobody to measure for. The parent alone decides about Ctrl-C. */
export function endWithParent(): void {
  process.on("disconnect", () => process.exit(0));
  process.on("SIGINT", () => {});
}
