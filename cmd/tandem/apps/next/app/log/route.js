import store from '../notes';

export const dynamic = 'force-dynamic';
export const GET = () => Response.json(store.log);
