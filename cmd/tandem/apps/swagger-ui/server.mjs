// Swagger UI as it comes, and a small API for it to try out: a pet register.
// GET /log says what reached the API.
import { createServer } from 'node:http';
import { readFile } from 'node:fs/promises';
import { extname } from 'node:path';
import dist from 'swagger-ui-dist';

const pets = [{ id: 1, name: 'Runa', kind: 'cat' }, { id: 2, name: 'Bo', kind: 'dog' }];
const log = [];
const key = [{ key: [] }];
const json = (schema) => ({ 'application/json': { schema } });
const pet = { type: 'object', required: ['name', 'kind'], properties: { name: { type: 'string', example: 'Mia' }, kind: { type: 'string', enum: ['cat', 'dog'] } } };
const api = {
  openapi: '3.0.3',
  info: { title: 'Pet register', version: '1.0', description: 'Who lives with **whom**.' },
  tags: [{ name: 'pets', description: 'All that is known of them' }],
  paths: {
    '/api/pets': {
      get: {
        tags: ['pets'], operationId: 'list', summary: 'All pets',
        parameters: [{ name: 'kind', in: 'query', schema: { type: 'string', enum: ['cat', 'dog'] } }],
        responses: { 200: { description: 'The pets', content: json({ type: 'array', items: pet }) } },
      },
      post: {
        tags: ['pets'], operationId: 'add', summary: 'A new one', security: key,
        requestBody: { required: true, content: json(pet) },
        responses: { 201: { description: 'Added', content: json(pet) }, 401: { description: 'Who are you?' } },
      },
    },
    '/api/pets/{id}': {
      get: {
        tags: ['pets'], operationId: 'one', summary: 'One pet',
        parameters: [{ name: 'id', in: 'path', required: true, schema: { type: 'integer' } }],
        responses: { 200: { description: 'The pet', content: json(pet) }, 404: { description: 'No such pet' } },
      },
    },
  },
  components: { securitySchemes: { key: { type: 'apiKey', in: 'header', name: 'X-Key' } } },
};
const page = `<!doctype html><html lang="en"><meta charset="utf-8"><title>Pet register</title>
<link rel="stylesheet" href="/swagger-ui.css"><link rel="icon" href="/favicon-32x32.png">
<div id="ui"></div><script src="/swagger-ui-bundle.js"></script><script src="/swagger-ui-standalone-preset.js"></script>
<script>window.ui = SwaggerUIBundle({ url: '/openapi.json', dom_id: '#ui', deepLinking: true, layout: 'StandaloneLayout',
  presets: [SwaggerUIBundle.presets.apis, SwaggerUIStandalonePreset] });</script></html>`;
const types = { '.js': 'text/javascript', '.css': 'text/css', '.png': 'image/png' };

createServer(async (req, res) => {
  const url = new URL(req.url, 'http://localhost');
  const answer = (status, value) => {
    res.writeHead(status, { 'Content-Type': 'application/json', 'X-Pets': String(pets.length) });
    res.end(JSON.stringify(value));
  };
  let body = '';
  for await (const chunk of req) body += chunk;
  if (url.pathname === '/log') return answer(200, log);
  if (url.pathname === '/openapi.json') return answer(200, api);
  if (url.pathname.startsWith('/api/')) log.push(`${req.method} ${req.url}`);
  const id = /^\/api\/pets\/(\d+)$/.exec(url.pathname)?.[1];
  if (id) {
    const one = pets.find((p) => p.id === Number(id));
    return one ? answer(200, one) : answer(404, { error: 'no such pet' });
  }
  if (url.pathname === '/api/pets') {
    if (req.method === 'GET') return answer(200, pets.filter((p) => !url.searchParams.has('kind') || p.kind === url.searchParams.get('kind')));
    if (req.headers['x-key'] !== 'let-me-in') return answer(401, { error: 'who are you?' });
    pets.push({ id: pets.length + 1, ...JSON.parse(body) });
    return answer(201, pets.at(-1));
  }
  if (url.pathname === '/') return res.writeHead(200, { 'Content-Type': 'text/html' }).end(page);
  try {
    const file = await readFile(dist.getAbsoluteFSPath() + url.pathname);
    res.writeHead(200, { 'Content-Type': types[extname(url.pathname)] ?? 'application/octet-stream' }).end(file);
  } catch {
    answer(404, {});
  }
}).listen(Number(process.env.PORT), '127.0.0.1');
