import type { OpOpened } from "@heddle/kernel";

/** The children of an activation that have not ended, with what becomes of them at its end. Those that are of no concern to it are not among them. */
export class FrameChildren {
  readonly #open = new Map<string, { readonly key: string; readonly close: "wait" | "cancel" | "detach" }>();

  /** A child that was started and left to itself is nobody's concern. */
  static concerns({ op, child }: OpOpened): boolean {
    return child !== undefined && (child.close !== "detach" || op !== "start");
  }

  add({ key, child }: OpOpened): void {
    if (child !== undefined) this.#open.set(child.runId, { key, close: child.close });
  }

  /** The key of the operation that it belongs to; undefined: it is not among them. */
  ended(childId: string): string | undefined {
    const child = this.#open.get(childId);
    this.#open.delete(childId);
    return child?.key;
  }

  /** Whether the activation must not end before one of them. */
  get areAwaited(): boolean {
    for (const { close } of this.#open.values()) if (close === "wait") return true;
    return false;
  }

  /** Those that do not outlive the activation. */
  *attached(): IterableIterator<string> {
    for (const [childId, { close }] of this.#open) if (close !== "detach") yield childId;
  }
}
