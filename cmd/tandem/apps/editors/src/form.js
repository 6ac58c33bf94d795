// What the four frameworks' forms do with what is typed: names in capitals, and
// telephone numbers in groups of three, so that fields differ from what was typed.
export const empty = { name: '', phone: '', note: '', agree: false, size: 'S', count: 1 };
export const capitals = (text) => text.toUpperCase();
export const groups = (text) => text.replace(/\D/g, '').replace(/(\d{3})(?=\d)/g, '$1 ');
