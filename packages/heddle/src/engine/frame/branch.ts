/** One side of a `race` or `all`. When it is closed, the operations in it are cancelled and what it still does is dropped. */
export class Branch {
  readonly parent: Branch | null;
  closed = false;

  constructor(parent: Branch | null) {
    this.parent = parent;
  }

  isClosed(): boolean {
    for (let branch: Branch | null = this; branch !== null; branch = branch.parent) if (branch.closed) return true;
    return false;
  }

  isWithin(other: Branch): boolean {
    for (let branch: Branch | null = this; branch !== null; branch = branch.parent) if (branch === other) return true;
    return false;
  }
}
