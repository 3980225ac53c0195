// What one attempt holds and has used so far: filled on its way, settled when the request's record closes.

import type { Price } from "../exchange.ts";
import type { Reservation } from "../store/entry.ts";

export class Account {
  readonly reservation: Reservation;
  /** Undefined = the target's id has no price; the answer's model may have one. */
  readonly price: Price | undefined;
  /** The price by the model that the answer names, as the configuration had it when the call began. */
  readonly priceOfAnswer: (answerModel: string) => Price | undefined;
  readonly estimate: { readonly inputTokens: number; readonly outputTokens: number };
  /** Whether calls of this kind cost money: lists of models and counts of tokens do not. */
  readonly paid: boolean;
  /** The provider may use tools of its own, which it bills beside tokens. */
  readonly hostedTools: boolean;
  /** The caller pays with a log-in of its own. */
  readonly subscribed: boolean;
  /** Request bytes may have been written, so that the upstream may have done the work. */
  reached = false;
  /** Undefined while it has not answered. An error that came behind a 200 counts as the status it names. */
  upstreamStatus: number | undefined;
  /** The answer has come to its end. */
  complete = false;
  /** Bytes of the answer's text that have arrived: what is counted where no usage is reported. */
  textBytes = 0;
  /** The model that the answer names. */
  answerModel: string | undefined;
  #sentAt: number | undefined;

  constructor(
    parts: Pick<
      Account,
      "reservation" | "price" | "priceOfAnswer" | "estimate" | "paid" | "hostedTools" | "subscribed"
    >,
  ) {
    this.reservation = parts.reservation;
    this.price = parts.price;
    this.priceOfAnswer = parts.priceOfAnswer;
    this.estimate = parts.estimate;
    this.paid = parts.paid;
    this.hostedTools = parts.hostedTools;
    this.subscribed = parts.subscribed;
  }

  /** Milliseconds of the record's clock at which the call was sent first; undefined = it was not. */
  get sentAt(): number | undefined {
    return this.#sentAt;
  }

  /** The request is about to be written. */
  sending(nowMs: number): void {
    this.#sentAt ??= nowMs;
    this.reached = true;
  }

  /** What came of sending. `status` = of the answer, if there is one. */
  answered(reached: boolean, status: number | undefined): void {
    this.reached = reached;
    this.upstreamStatus = status;
  }
}
