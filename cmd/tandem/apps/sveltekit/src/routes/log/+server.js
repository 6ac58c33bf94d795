import { json } from '@sveltejs/kit';
import { log } from '$lib/teas';
export const GET = () => json(log);
