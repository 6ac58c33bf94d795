// Which pages a rule is for (twin: session/pages.go): "*", or an origin in which the host may have a star for whole
// labels, and a path in which stars stand for anything.

/** What a rule does with the elements it selects. */
export type Treatment = 'mask' | 'block' | 'private' | 'allow' | 'protect';

/** A rule as the server tells it. */
export interface PageRule {
  treatment: Treatment;
  pages: string;
  selector?: string;
  agent_may_type?: boolean;
}

/** A rule as a document of the right origin is told it. */
export interface DocumentRule {
  treatment: Treatment;
  /** A path without its first slash, with stars. */
  path: string;
  selector: string;
  types: boolean;
}

/** Whether a rule is for an origin; its path is then what is left to compare. */
export function pathFor(pages: string, origin: string): string | null {
  if (pages === '*') return '*';
  const at = pages.indexOf('/', pages.indexOf('://') + 3);
  return matchesOrigin(pages.slice(0, at), origin) ? pages.slice(at + 1) : null;
}

/** Paths are compared as they are and decoded, without regard to case: a site may take all of these for the same. */
export function matchesPath(glob: string, pathname: string): boolean {
  const wanted = glob.toLowerCase();
  const path = pathname.slice(1).toLowerCase();
  return matchesGlob(wanted, path) || matchesGlob(wanted, decoded(path));
}

export function matchesPage(pages: string, address: string): boolean {
  if (pages === '*') return true;
  let url: URL;
  try {
    url = new URL(address);
  } catch {
    return false;
  }
  const path = pathFor(pages, url.origin);
  return path !== null && matchesPath(path, url.pathname);
}

function matchesOrigin(pattern: string, origin: string): boolean {
  const star = pattern.indexOf('*');
  if (star < 0) return pattern === origin;
  const [before, after] = [pattern.slice(0, star), pattern.slice(star + 1)];
  if (!origin.startsWith(before) || !origin.endsWith(after)) return false;
  const name = origin.slice(before.length, origin.length - after.length);
  return name !== '' && !/:\d*$/.test(name);
}

/** Takes time in proportion to the product of the lengths at most. */
function matchesGlob(glob: string, text: string): boolean {
  let [star, from, g, i] = [-1, 0, 0, 0];
  while (i < text.length) {
    if (glob[g] === '*') {
      star = g++;
      from = i;
    } else if (g < glob.length && glob[g] === text[i]) {
      g++;
      i++;
    } else if (star >= 0) {
      g = star + 1;
      i = ++from;
    } else return false;
  }
  while (glob[g] === '*') g++;
  return g === glob.length;
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path).toLowerCase();
  } catch {
    return path;
  }
}
