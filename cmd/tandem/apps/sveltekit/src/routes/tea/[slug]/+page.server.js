import { error, fail, redirect } from '@sveltejs/kit';
import { log, teas } from '$lib/teas';

export const load = ({ params }) => ({ tea: teas.find((tea) => tea.slug === params.slug) ?? error(404, 'No such tea') });

export const actions = {
  default: async ({ request, params, cookies }) => {
    const form = await request.formData();
    const packs = Number(form.get('packs'));
    if (!(packs >= 1)) return fail(400, { problem: 'One pack at least, please.' });
    log.push(`${packs} ${params.slug} for ${form.get('note')}`);
    const basket = JSON.parse(cookies.get('basket') ?? '[]');
    cookies.set('basket', JSON.stringify([...basket, { slug: params.slug, packs, note: form.get('note') }]), { path: '/', secure: false });
    redirect(303, '/basket');
  },
};
