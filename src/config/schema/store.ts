// Settings of the store: where the account of requests and money is kept, and for how long.

import { duration, filledText, oneOf, section } from "./fields.ts";

/** The store that is gone when the gateway stops; the one text that is no path. */
const IN_MEMORY = ":memory:";

const Retention = section(
  {
    requests: duration({ description: "Rows of requests.", default: "30d" }),
    audit: duration({ description: "Entries of the audit log.", default: "400d" }),
  },
  {
    description:
      "How long things are kept; 0 = for ever. Counters of open windows and sums per day stay in any case.",
    default: {},
  },
);

export const StoreSchema = section(
  {
    path: filledText({
      path: true,
      notPath: IN_MEMORY,
      kind: "path",
      restart: true,
      filled: "`postern.db` in the folder of the main file",
      description: `The database file, or \`${IN_MEMORY}\` for one that is gone when the gateway stops.`,
      examples: ["./postern.db"],
    }),
    retention: Retention,
    sync: oneOf(["normal", "full"], {
      restart: true,
      description:
        "`normal` loses nothing when the process is killed, but perhaps the last moments when the power fails; `full` waits for the disk and loses nothing then either.",
      default: "normal",
    }),
  },
  { description: "The account of requests and spend.", default: {} },
);
