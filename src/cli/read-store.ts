// How commands get at the store of a configuration, beside a gateway that may be writing it.

import { IN_MEMORY } from "../store/database.ts";
import { openForReading, type ReadConnection } from "../store/read-database.ts";
import { StoreError } from "../store/store-error.ts";
import { requireConfiguration } from "./configuration.ts";
import { CommandError, type Io } from "./io.ts";

/**
 * Runs `use` with the store of the configuration that `--config` names. `endpoint` is where the admin API has the same.
 *
 * @throws {CommandError} exit code 1: the configuration is bad, or its store cannot be read
 */
export async function withStore<T>(
  option: string | undefined,
  io: Io,
  endpoint: string,
  use: (database: ReadConnection) => T | Promise<T>,
): Promise<T> {
  const { store } = await requireConfiguration(option, io);
  if (store.path === IN_MEMORY)
    throw new CommandError(
      `store.path is ${IN_MEMORY}, so only the gateway itself can read its store: ask GET ${endpoint} of its admin API`,
    );
  let database: ReadConnection | undefined;
  try {
    database = openForReading(store.path);
    return await use(database);
  } catch (error) {
    throw error instanceof StoreError ? new CommandError(error.message) : error;
  } finally {
    database?.close();
  }
}
