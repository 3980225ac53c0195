// The other side of the reader: runs queries on a thread of its own, so that streams never wait for them.

import { openForReading } from "./read-database.ts";
import { answerQuestion, type Question, type Reply } from "./read-question.ts";

declare const self: Worker;

let database: ReturnType<typeof openForReading> | undefined;

self.onmessage = ({ data }: MessageEvent<Question>) => {
  self.postMessage(reply(data));
};

function reply(question: Question): Reply {
  const { id } = question;
  try {
    database ??= openForReading(question.path);
    return { id, value: answerQuestion(database, question) };
  } catch (error) {
    return { id, error: error instanceof Error ? error.message : String(error) };
  }
}
