import { RESOURCES, resourceNamed } from './registry.ts';
import type { Read, Resource } from './resource.ts';

/** Resources whose rows come inside another resource's records, with the resource that carries them. */
export function carrierOf(resource: Resource): Resource | undefined {
  return RESOURCES.find((each) => each.embeds?.some((embedded) => embedded.resource === resource.name));
}

/** Resources that a read takes its parents from. */
export const parentsOf = (resource: Resource): string[] => [
  ...new Set(resource.reads.flatMap((read) => (read.parent === undefined ? [] : [read.parent.resource]))),
];

/**
 * The resources to read so that the named ones are whole: embedded ones bring the resource that carries them. In the
 * order of the registry; all of them when no name is given.
 *
 * @throws RangeError for an unknown name
 */
export function selectResources(names: readonly string[]): readonly Resource[] {
  if (names.length === 0) return RESOURCES.filter((resource) => resource.reads.length > 0);
  const chosen = new Set<string>();
  const choose = (resource: Resource): void => {
    if (resource.reads.length > 0) chosen.add(resource.name);
    const carrier = carrierOf(resource);
    if (carrier !== undefined) choose(carrier);
  };
  for (const name of names) choose(resourceNamed(name));
  return RESOURCES.filter((resource) => chosen.has(resource.name));
}

/** What must be in the warehouse before a resource can be read: its parents, and the account's locations. */
export function prerequisites(resource: Resource): readonly string[] {
  const needsLocations = resource.reads.some((read) => read.scope === 'location');
  return [...parentsOf(resource), ...(needsLocations && resource.holdsLocations !== true ? ['locations'] : [])];
}

/** The read to use, given which operations take the form of the newer API generation. */
export function chooseRead(read: Read, newerOperations: ReadonlySet<string>): Read {
  return read.newer !== undefined && newerOperations.has(read.newer.operation) ? read.newer : read;
}

/** A resource and all resources that can't be read without it: those read below it, and those inside its records. */
export function withBelow(resource: Resource): readonly Resource[] {
  const found = new Set<Resource>([resource]);
  for (const each of found) {
    for (const other of RESOURCES) {
      const embedded = each.embeds?.some((embed) => embed.resource === other.name) === true && other.reads.length === 0;
      const below = other.reads.length > 0 && other.reads.every((read) => read.parent?.resource === each.name);
      if (embedded || below) found.add(other);
    }
  }
  return [...found];
}
