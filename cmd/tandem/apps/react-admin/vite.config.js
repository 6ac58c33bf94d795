// The data is in memory of the preview server, under /api, so that what
// happens to it can be counted. GET /log says what did.
import react from '@vitejs/plugin-react';

const kinds = ['Gravenstein', 'Boskoop', 'Topaz', 'Elstar', 'Cox', 'Jonagold'];
const trees = Array.from({ length: 30 }, (_, i) => ({
  id: i + 1, name: `${kinds[i % 6]} ${1 + Math.floor(i / 6)}`, kind: kinds[i % 6], row: 1 + (i % 5), planted: `20${10 + (i % 14)}-0${1 + (i % 9)}-15`,
}));
const log = [];

async function api(req, res, next) {
  const url = new URL(req.url, 'http://localhost');
  const answer = (status, value) => {
    res.writeHead(status, { 'Content-Type': 'application/json' });
    res.end(JSON.stringify(value));
  };
  if (url.pathname === '/log') return answer(200, log);
  const [, kind, id] = /^\/api\/(\w+)(?:\/(\d+))?$/.exec(url.pathname) ?? [];
  if (kind === undefined) return next();
  let body = '';
  for await (const chunk of req) body += chunk;
  const data = body && JSON.parse(body);
  if (kind === 'login') {
    log.push(`login ${data.username}`);
    return data.password === 'blossom' ? answer(200, {}) : answer(401, {});
  }
  if (req.method === 'GET' && id) return answer(200, trees.find((tree) => tree.id === Number(id)));
  if (req.method === 'PUT') {
    log.push(`save ${id} ${data.name}`);
    return answer(200, Object.assign(trees.find((tree) => tree.id === Number(id)), data));
  }
  const { page, perPage, field, order, q, wanted } = Object.fromEntries(url.searchParams);
  const found = trees.filter((tree) => (!q || tree.name.toLowerCase().includes(q.toLowerCase())) && (!wanted || tree.kind === wanted));
  const by = (a, b) => (a[field] < b[field] ? -1 : a[field] > b[field] ? 1 : a.id - b.id) * (order === 'DESC' ? -1 : 1);
  answer(200, { data: found.sort(by).slice((page - 1) * perPage, page * perPage), total: found.length });
}

export default {
  plugins: [react(), { name: 'api', configurePreviewServer: (server) => void server.middlewares.use(api) }],
  build: { chunkSizeWarningLimit: 4000 },
  preview: { port: Number(process.env.PORT), strictPort: true },
};
