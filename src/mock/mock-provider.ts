// A provider inside the process: an OpenAI-compatible server, and the least of an Anthropic one, without a network.

import type { LocalRequest } from "../exchange.ts";
import { ENDPOINTS, type EndpointName } from "../formats/table.ts";
import { type JsonObject, readBody } from "./body.ts";
import { answerChat } from "./chat.ts";
import { answerCompletions } from "./completions.ts";
import { answerEmbeddings } from "./embeddings.ts";
import { answerCountTokens, answerMessages } from "./messages.ts";
import { answerModels } from "./models.ts";
import { waitFor } from "./pacing.ts";
import { Refusal, refusalResponse } from "./refusal.ts";
import { answerResponses } from "./responses.ts";
import { compileScript } from "./script.ts";
import type { MockDeps, MockSettings } from "./settings.ts";
import { compileTemplate } from "./template.ts";
import { failureText, type Profile, type Turn } from "./turn.ts";

const DEFAULT_REPLY = "You said: {{last_user_message}}";
const DEFAULT_MODELS: readonly string[] = ["mock-model"];

type PromptEndpoint = Exclude<EndpointName, "models">;

const ANSWERS: Readonly<Record<PromptEndpoint, (turn: Turn, body: JsonObject) => Promise<Response>>> = {
  chat: answerChat,
  completions: answerCompletions,
  embeddings: answerEmbeddings,
  responses: answerResponses,
  messages: answerMessages,
  count_tokens: answerCountTokens,
};

/**
 * A mock provider. It answers as a server would, errors included; it rejects only with the reason of the request's
 * signal, as `fetch()` does, and so do its streams. Failures and script entries are counted per mock; listing models
 * never fails and is not counted.
 */
export function createMock(
  settings: MockSettings,
  deps: MockDeps,
): (request: LocalRequest) => Promise<Response> {
  const profile = compileSettings(settings);
  let requests = 0;

  const isFailing = (): boolean => {
    requests++;
    return profile.fail.every > 0 && requests % profile.fail.every === 0;
  };

  return async ({ endpoint, body, signal }) => {
    signal.throwIfAborted();
    const failing = endpoint !== "models" && isFailing();
    if (profile.latencyMs > 0) await waitFor(profile.latencyMs, signal, deps.sleep);
    const turn: Turn = { profile, deps, endpoint, signal };
    if (endpoint === "models") return answerModels(turn);
    try {
      if (failing) throw new Refusal(profile.fail.status, failureText(profile.fail.status));
      return await ANSWERS[endpoint](turn, readBody(body));
    } catch (error) {
      if (error instanceof Refusal) return refusalResponse(error, ENDPOINTS[endpoint].family, deps.newId);
      throw error;
    }
  };
}

function compileSettings(settings: MockSettings): Profile {
  return {
    reply: compileTemplate(settings.reply ?? DEFAULT_REPLY),
    latencyMs: settings.latencyMs ?? 0,
    tokensPerSecond: settings.tokensPerSecond ?? 0,
    usage: settings.usage,
    fail: settings.fail ?? { status: 503, every: 0 },
    script: compileScript(settings.script ?? []),
    models: settings.models ?? DEFAULT_MODELS,
  };
}
