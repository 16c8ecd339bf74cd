const dependencyFields = ["dependencies", "devDependencies", "optionalDependencies", "peerDependencies"] as const;

/**
 * Who asks for whom: for each installed place the names of the packages whose imports end there, found as Node finds
 * them, from the asking package's folder upward. Sorted, each once.
 *
 * @param places the `packages` of a lockfile, by path
 * @param project what to call the project itself
 */
export function findRequirers(places: Readonly<Record<string, unknown>>, project: string): ReadonlyMap<string, readonly string[]> {
  const requirers = new Map<string, Set<string>>();
  for (const [place, entry] of Object.entries(places)) {
    if (typeof entry !== "object" || entry === null) continue;
    const fields: Readonly<Record<string, unknown>> = { ...entry };
    const requirer =
      place === "" ? project : typeof fields.name === "string" ? fields.name : (place.split("node_modules/").at(-1) ?? place);
    for (const field of dependencyFields) {
      // An installed package's own development is not in this tree.
      if (field === "devDependencies" && place.includes("node_modules/")) continue;
      for (const dependency of Object.keys(fields[field] ?? {})) {
        const found = resolvePlace(places, place, dependency);
        if (found === undefined) continue;
        const names = requirers.get(found) ?? new Set();
        requirers.set(found, names.add(requirer));
      }
    }
  }
  return new Map([...requirers].map(([place, names]) => [place, [...names].sort()]));
}

function resolvePlace(places: Readonly<Record<string, unknown>>, from: string, name: string): string | undefined {
  for (let folder = from; ; folder = folder.slice(0, Math.max(folder.lastIndexOf("/"), 0))) {
    const candidate = `${folder === "" ? "" : `${folder}/`}node_modules/${name}`;
    if (Object.hasOwn(places, candidate)) return candidate;
    if (folder === "") return undefined;
  }
}
