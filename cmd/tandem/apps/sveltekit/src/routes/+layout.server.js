export const load = ({ cookies }) => ({ basket: JSON.parse(cookies.get('basket') ?? '[]') });
