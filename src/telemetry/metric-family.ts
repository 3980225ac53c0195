// Counters and histograms with labels, and their text for Prometheus.

import { formatUsd } from "../lib/money.ts";

/** Values of labels, in the order of the family's label names; an empty one counts as not there. */
export type Labels = readonly string[];

/** A number that only grows, until the process ends. */
export interface Counter {
  value: number;
}

/** Money that only grows, exact. */
export interface MoneyCounter {
  nanoUsd: bigint;
}

/** What is common to all series of one name. */
export interface FamilyOptions {
  readonly name: string;
  readonly help: string;
  readonly labels: readonly string[];
}

interface Kind<Series> {
  readonly type: "counter" | "histogram";
  readonly create: () => Series;
  readonly lines: (series: Series, name: string, labels: string) => string;
}

/** All series of one name. Making one takes long, so whoever counts often keeps what it got. */
export class Family<Series> {
  readonly #options: FamilyOptions;
  readonly #kind: Kind<Series>;
  readonly #series = new Map<string, Series>();

  constructor(options: FamilyOptions, kind: Kind<Series>) {
    this.#options = options;
    this.#kind = kind;
  }

  /** The one with these values of the labels; made when it is not there yet. */
  series(values: Labels): Series {
    const labels = labelText(this.#options.labels, values);
    let series = this.#series.get(labels);
    if (series === undefined) {
      series = this.#kind.create();
      this.#series.set(labels, series);
    }
    return series;
  }

  text(): string {
    const { name, help } = this.#options;
    let text = headText(name, help, this.#kind.type);
    for (const [labels, series] of this.#series) text += this.#kind.lines(series, name, labels);
    return text;
  }
}

export function counterFamily(options: FamilyOptions): Family<Counter> {
  return new Family(options, {
    type: "counter",
    create: () => ({ value: 0 }),
    lines: ({ value }, name, labels) => sampleText(name, labels, String(value)),
  });
}

export function moneyFamily(options: FamilyOptions): Family<MoneyCounter> {
  return new Family(options, {
    type: "counter",
    create: () => ({ nanoUsd: 0n }),
    lines: ({ nanoUsd }, name, labels) => sampleText(name, labels, formatUsd(nanoUsd)),
  });
}

/** `boundsMs`: upper ends of the buckets in milliseconds, ascending; the text is in seconds. */
export function histogramFamily(options: FamilyOptions, boundsMs: readonly number[]): Family<Histogram> {
  return new Family(options, {
    type: "histogram",
    create: () => new Histogram(boundsMs),
    lines: (histogram, name, labels) => histogram.text(name, labels),
  });
}

/** How many durations fell into which bucket. */
export class Histogram {
  readonly #boundsMs: readonly number[];
  /** The last one is of what is above all bounds. */
  readonly #counts: number[];
  #sumMs = 0;

  constructor(boundsMs: readonly number[]) {
    this.#boundsMs = boundsMs;
    this.#counts = new Array<number>(boundsMs.length + 1).fill(0);
  }

  observe(ms: number): void {
    const bounds = this.#boundsMs;
    let at = 0;
    while (at < bounds.length && ms > (bounds[at] ?? 0)) at++;
    this.#counts[at] = (this.#counts[at] ?? 0) + 1;
    this.#sumMs += ms;
  }

  text(name: string, labels: string): string {
    let text = "";
    let total = 0;
    this.#counts.forEach((count, i) => {
      total += count;
      const bound = this.#boundsMs[i];
      const le = `le="${bound === undefined ? "+Inf" : bound / 1000}"`;
      text += sampleText(`${name}_bucket`, labels === "" ? le : `${labels},${le}`, String(total));
    });
    text += sampleText(`${name}_sum`, labels, String(this.#sumMs / 1000));
    return text + sampleText(`${name}_count`, labels, String(total));
  }
}

/** `# HELP` and `# TYPE`. */
export function headText(name: string, help: string, type: "counter" | "gauge" | "histogram"): string {
  return `# HELP ${name} ${help.replaceAll("\\", "\\\\").replaceAll("\n", "\\n")}\n# TYPE ${name} ${type}\n`;
}

/** One line. `labels` as {@link labelText} makes them. */
export function sampleText(name: string, labels: string, value: string): string {
  return labels === "" ? `${name} ${value}\n` : `${name}{${labels}} ${value}\n`;
}

/** `provider="up",model="m"`: what stands between the braces. */
export function labelText(names: readonly string[], values: Labels): string {
  return names.map((name, i) => `${name}="${escaped(values[i] ?? "")}"`).join(",");
}

function escaped(value: string): string {
  return value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}
