/** Lines that could not be written since the process began. */
let lost = 0;

/** How many lines of the log could not be written since the process began: the disk is full, or the reader is gone. */
export const lostLogLines = (): number => lost;

const guarded = new WeakSet<NodeJS.WritableStream>();

/** A stream whose failures are counted and end nothing: a log that can't be written is no reason to stop a run. */
export function lossyStream(destination: NodeJS.WritableStream): NodeJS.WritableStream {
  const count = () => {
    lost += 1;
  };
  if (!guarded.has(destination)) {
    guarded.add(destination);
    destination.on('error', count);
  }
  return new Proxy(destination, {
    get(target, name) {
      if (name !== 'write') {
        const value = Reflect.get(target, name);
        return typeof value === 'function' ? value.bind(target) : value;
      }
      return (...given: Parameters<NodeJS.WritableStream['write']>) => {
        try {
          return target.write(...given);
        } catch {
          count();
          return true;
        }
      };
    },
  });
}
