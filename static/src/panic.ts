// The panic key: Esc, twice, wherever the visitor is, pauses sharing at once.

/** Two presses with nothing in between, within this time. */
const WITHIN_MS = 500;

/** Watches keys going down; the answer is whether this one was the second Esc. */
export function panicKey(): (key: string, repeated: boolean, at: number) => boolean {
  let last = -WITHIN_MS;
  return (key, repeated, at) => {
    if (repeated) return false;
    const second = key === 'Escape' && at - last < WITHIN_MS;
    last = key === 'Escape' && !second ? at : -WITHIN_MS;
    return second;
  };
}
