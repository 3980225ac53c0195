// A text that rows and slots refer to by number.

export type DefinitionKind = "profile" | "price" | "counter" | "holds";

export interface Definition {
  readonly no: number;
  readonly kind: DefinitionKind;
  readonly text: string;
}
