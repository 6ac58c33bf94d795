export const teas = [
  { slug: 'assam', name: 'Assam', grams: 100, price: 7.5 },
  { slug: 'sencha', name: 'Sencha', grams: 50, price: 9 },
  { slug: 'rooibos', name: 'Rooibos', grams: 250, price: 5.2 },
];
export const log = [];
