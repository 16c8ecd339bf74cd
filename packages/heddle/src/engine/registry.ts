import { HeddleError } from "@heddle/kernel";
import type { Workflow } from "../workflow/workflow.ts";
import { definePlanned, defineWorkflow, type Definition, type PlannedWorkflow } from "./definition.ts";

/** The workflows that a node has code for: several versions of one name side by side. */
export class Registry {
  readonly #byName = new Map<string, Definition[]>();
  readonly #known = new WeakMap<object, Definition>();

  /** Some workflow bounds how many of its runs are under way: the end of one may let another begin. */
  limited = false;

  /** The definition of a workflow value; registers it at first sight. */
  add(workflow: Workflow<never, unknown>): Definition {
    const known = this.#known.get(workflow);
    if (known !== undefined) return known;
    const definition =
      "plan" in workflow ? definePlanned(workflow as unknown as PlannedWorkflow<never, unknown>) : defineWorkflow(workflow);
    const versions = this.#byName.get(definition.name) ?? [];
    if (versions.some(({ version }) => version === definition.version)) {
      const which = definition.version === undefined ? `"${definition.name}"` : `"${definition.name}" version ${definition.version}`;
      throw new HeddleError("WORKFLOW_DUPLICATE", `Two workflows are called ${which}: give one another name, or the newer one a version.`);
    }
    this.#byName.set(definition.name, [definition, ...versions]);
    this.#known.set(workflow, definition);
    this.limited ||= definition.limitOf !== null;
    return definition;
  }

  /** Learn the code of a workflow that a function calls. False: one of its name and version is known already. */
  learn(workflow: Workflow<never, unknown>): boolean {
    if (this.#byName.get(workflow.name)?.some(({ version }) => version === workflow.version) === true) return false;
    this.add(workflow);
    return true;
  }

  /** The code for a run: the version that it began with; one without a version takes the newest. */
  find(name: string, version: string | null | undefined): Definition | undefined {
    const versions = this.#byName.get(name);
    if (version === null || version === undefined) return versions?.find((definition) => definition.version === undefined) ?? versions?.[0];
    return versions?.find((definition) => definition.version === version);
  }

  get(name: string, version?: string | null): Definition {
    const found = this.find(name, version);
    if (found !== undefined) return found;
    const names = [...this.#byName.keys()];
    throw new HeddleError(
      "WORKFLOW_UNKNOWN",
      `No workflow "${name}" is registered${names.length === 0 ? "" : `; there are: ${names.join(", ")}`}. Pass it to open(…, { workflows: […] }).`,
    );
  }

  /** What claims ask for: exactly those runs that `find` has code for. */
  names(): string[] {
    return [...this.#byName].flatMap(([name, versions]) => [
      name,
      ...versions.flatMap(({ version }) => (version === undefined ? [] : [`${name}@${version}`])),
    ]);
  }
}
