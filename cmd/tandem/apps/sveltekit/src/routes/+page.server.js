import { teas } from '$lib/teas';
export const load = () => ({ teas, late: new Promise((resolve) => setTimeout(() => resolve('Fresh from the garden.'), 150)) });
