// The bookings are in memory of the preview server, so that what happens to
// them can be counted. GET /log says what did.
import vue from '@vitejs/plugin-vue';

const names = ['Ada', 'Bo', 'Cleo', 'Dag', 'Edda', 'Finn', 'Gro'];
const bookings = Array.from({ length: 42 }, (_, i) => ({
  id: i + 1, name: `${names[i % 7]} ${'ABCDEF'[i % 6]}.`, seats: 1 + ((i * 5) % 7), day: `2026-03-${String(1 + (i % 28)).padStart(2, '0')}`, state: ['paid', 'open', 'late'][i % 3],
}));
const log = [];

async function api(req, res, next) {
  const answer = (status, value) => {
    res.writeHead(status, { 'Content-Type': 'application/json' });
    res.end(JSON.stringify(value));
  };
  if (req.url === '/log') return answer(200, log);
  if (!req.url.startsWith('/api/')) return next();
  let body = '';
  for await (const chunk of req) body += chunk;
  const data = body && JSON.parse(body);
  if (req.url === '/api/login') {
    log.push(`login ${data.user}`);
    return answer(data.password === 'tide' ? 200 : 401, {});
  }
  if (req.method === 'GET') return answer(200, bookings);
  log.push(`save ${data.id} ${data.name} ${data.day}`);
  answer(200, Object.assign(bookings.find((booking) => booking.id === data.id), data));
}

export default {
  plugins: [vue(), { name: 'api', configurePreviewServer: (server) => void server.middlewares.use(api) }],
  build: { chunkSizeWarningLimit: 4000 },
  preview: { port: Number(process.env.PORT), strictPort: true },
};
