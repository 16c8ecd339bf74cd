import { lstat, open, readdir } from "node:fs/promises";
import { join } from "node:path";
import { nativeFormatOf, type NativeFormat } from "./native-format.ts";

export interface PackageMeasure {
  /** Sum of the files' lengths, in bytes. Blocks and directories are not counted: they differ between file systems. */
  readonly bytes: number;
  readonly files: number;
  readonly native: readonly NativeFile[];
  /** Native files in all; `native` holds the first ones only. */
  readonly nativeCount: number;
}

export interface NativeFile {
  /** Relative to the package, with `/`. */
  readonly file: string;
  readonly format: NativeFormat;
  readonly bytes: number;
}

/** More are counted and not listed, so that one package cannot fill the journal. */
const nativeListed = 10;

/** Text, pictures and fonts by their names: not opened. What is left is read for its first bytes. */
const neverNative =
  /\.(?:[cm]?[jt]sx?|json5?|map|md|markdown|txt|html?|css|s[ac]ss|less|ya?ml|toml|xml|svg|png|jpe?g|gif|webp|ico|woff2?|ttf|otf|eot|h|hpp|c|cc|cpp|gyp|gypi|py|sh|vue|flow|lock|wasm)$/i;

/**
 * Sizes and native binaries of one installed package. Its own `node_modules` holds other packages and is left out;
 * symbolic links are neither followed nor counted.
 */
export async function measurePackage(folder: string, signal?: AbortSignal): Promise<PackageMeasure> {
  let bytes = 0;
  let files = 0;
  const native: NativeFile[] = [];
  // A list of folders to do, not recursion: archives can nest deeper than a stack.
  const folders = [""];
  for (let inside = folders.pop(); inside !== undefined; inside = folders.pop()) {
    signal?.throwIfAborted();
    for (const entry of await readdir(join(folder, inside), { withFileTypes: true })) {
      const file = inside === "" ? entry.name : `${inside}/${entry.name}`;
      if (entry.isDirectory()) {
        if (file !== "node_modules") folders.push(file);
      } else if (entry.isFile()) {
        const { size } = await lstat(join(folder, file));
        bytes += size;
        files += 1;
        const format = neverNative.test(entry.name) ? undefined : await readFormat(join(folder, file));
        if (format !== undefined) native.push({ file, format, bytes: size });
      }
    }
  }
  // Folders are read in the disk's order; the result must not depend on it.
  native.sort((a, b) => (a.file < b.file ? -1 : 1));
  return { bytes, files, native: native.slice(0, nativeListed), nativeCount: native.length };
}

async function readFormat(path: string): Promise<NativeFormat | undefined> {
  await using file = await open(path);
  const { buffer, bytesRead } = await file.read(Buffer.alloc(512), 0, 512, 0);
  return nativeFormatOf(buffer.subarray(0, bytesRead));
}
