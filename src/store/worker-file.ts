// Where the code of a thread lies, from source and in the executable.

const HERE = import.meta.url;

/**
 * The URL of a file of this folder, for `new Worker`. In the executable the bundler puts all modules into its root, and
 * keeps entry points in the folders they came from; scripts/compile.ts lists them.
 */
export function workerFile(name: string): string {
  const isSource = HERE.endsWith("/store/worker-file.ts");
  return new URL(isSource ? `./${name}` : `./store/${name}`, HERE).href;
}
