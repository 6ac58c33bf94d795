// A probe is something a page can see, as a string. They run one after the
// other, in the order they were declared in, and the page sends what they saw
// to its own server. It then goes on to the next page.
// In all files of this directory $HERE, $NEAR, $OTHER stand for origins: the
// page's, one of the same site, and one of another site.

const probes = [];

/** Declares a probe: run returns what it sees. */
function probe(name, run) { if (wanted.test(name)) probes.push([name, run]); }

const wanted = new RegExp($ONLY);

/** What a probe saw: text stays, the rest is JSON; an exception is something to see, too. */
async function outcome(run) {
  try {
    return shown(await within(20000, run(), 'did not end'));
  } catch (error) {
    return 'throws ' + (error && error.name ? error.name + ': ' + error.message : String(error));
  }
}

function shown(value) {
  if (Array.isArray(value)) return value.map(shown).join(' | ');
  if (typeof value === 'string') return value;
  if (typeof value === 'object' && value !== null) return JSON.stringify(value) + '';
  return String(value);
}

function within(ms, promise, otherwise = 'nothing happened') {
  return Promise.race([promise, new Promise((_, fail) => setTimeout(() => fail(otherwise), ms))]);
}

/** The first event of a name at a target; any other name given fails. */
function event(target, name, ...bad) {
  return new Promise((done, fail) => {
    target.addEventListener(name, done, { once: true });
    for (const b of bad) target.addEventListener(b, () => fail(b), { once: true });
  });
}

const pause = (ms) => new Promise((done) => setTimeout(done, ms));

/** What exception an action ends in. */
function thrown(run) {
  try { run(); return 'nothing'; } catch (error) { return error.name + ': ' + error.message; }
}

/** An element with properties, in the document. */
function put(tag, set = {}, parent = document.body) {
  const e = Object.assign(document.createElement(tag), set);
  parent.append(e);
  return e;
}

/** A frame that has loaded. */
async function framed(set, attributes = {}) {
  const e = document.createElement('iframe');
  for (const [name, value] of Object.entries(attributes)) e.setAttribute(name, value);
  Object.assign(e, set);
  const loaded = event(e, 'load');
  document.body.append(e);
  await loaded;
  return e;
}

/** What the server saw of the requests with k=key: waits until there are some. */
async function seen(key, count = 1) {
  for (let i = 0; i < 60; i++) {
    const list = await (await fetch('/seen?key=' + encodeURIComponent(key))).json();
    if (list.length >= count) return list;
    await pause(30);
  }
  return ['no request'];
}

async function runProbes(next) {
  const results = {};
  for (const [name, run] of probes) {
    if (name in results) throw new Error('two probes are called ' + name);
    results[name] = await outcome(run);
  }
  await fetch('/results', { method: 'POST', body: JSON.stringify({ results, last: !next }) });
  if (next) location.href = next;
}
