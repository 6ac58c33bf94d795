// What there is, in memory. Built once, shared by pages, actions and routes.
const store = (globalThis.notes ??= { list: [{ id: 1, title: 'Low water', text: 'The boats lie dry until noon.' }], log: [] });
export default store;
