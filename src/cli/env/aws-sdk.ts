// Set-up of the AWS SDKs for Bedrock's runtime.

import { DIALECTS } from "../../catalog/providers.ts";
import { layOut, nodeAuthority } from "./layout.ts";
import { nativePath } from "./paths.ts";
import { type Site, shellWord } from "./site.ts";

/** The virtual key goes where Bedrock's API key would stand; the region is the provider's, whatever the client says. */
export function awsSdkSetUp(site: Site): string {
  const { base, model, missing } = nativePath(site, DIALECTS.bedrock);
  return layOut(site, {
    exports: [
      ["AWS_ENDPOINT_URL_BEDROCK_RUNTIME", shellWord(base)],
      ["AWS_BEARER_TOKEN_BEDROCK", site.key],
      ["AWS_REGION", "us-east-1"],
    ],
    missing,
    notes: [
      "JavaScript (npm install @aws-sdk/client-bedrock-runtime @smithy/node-http-handler)",
      '  import { BedrockRuntimeClient, ConverseCommand } from "@aws-sdk/client-bedrock-runtime";',
      '  import { NodeHttpHandler } from "@smithy/node-http-handler";',
      "  const client = new BedrockRuntimeClient({ requestHandler: new NodeHttpHandler() }); // HTTP/1.1",
      "  const answer = await client.send(new ConverseCommand({",
      `    modelId: ${JSON.stringify(model)},`,
      '    messages: [{ role: "user", content: [{ text: "Hello" }] }],',
      "  }));",
      "",
      "Python (pip install boto3)",
      '  client = boto3.client("bedrock-runtime", region_name="us-east-1")',
      `  client.converse(modelId=${JSON.stringify(model)}, messages=[{"role": "user", "content": [{"text": "Hello"}]}])`,
    ],
    authority: (certificate) => `${nodeAuthority(certificate)}   # Python: AWS_CA_BUNDLE`,
    limits: [
      "In JavaScript the request handler must be NodeHttpHandler: the default one speaks HTTP/2 at once, and fails with `Protocol error`.",
      "Served: Converse, ConverseStream, InvokeModel, InvokeModelWithResponseStream, CountTokens. Everything else answers 501.",
      "The virtual key is sent as a bearer token. A client that signs with access keys instead is answered with 401.",
      "AWS_REGION must be set for the SDK to start; requests go to the region of the provider in the configuration.",
      "A spend policy's 402 is ServiceQuotaExceededException and not tried again; 429 is ThrottlingException, tried three times.",
    ],
  });
}
