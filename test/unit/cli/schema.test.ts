// `postern schema`: the JSON Schema of the configuration file on stdout, and nothing else.

import { expect, test } from "bun:test";
import { run } from "../../../src/cli/run.ts";
import { jsonSchemaText } from "../../../src/config/json-schema.ts";
import { fakeIo } from "../../support/fake-io.ts";

test.each([[["schema"]], [["schema", "--json"]]])("%j prints the generated schema", async (argv) => {
  const io = fakeIo();
  expect(await run(argv, io)).toBe(0);
  expect({ out: io.out(), err: io.err() }).toEqual({ out: jsonSchemaText(), err: "" });
  expect(JSON.parse(io.out())).toMatchObject({ type: "object", properties: { providers: {}, keys: {} } });
});
