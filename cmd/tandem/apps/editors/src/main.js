// One page for all: its query names what is to be edited. Each module begins in
// a place and answers with a function that tells its model as text.
const editors = import.meta.glob('./editors/*.{js,jsx}');
const name = location.search.slice(1);
const load = editors[`./editors/${name}.js`] ?? editors[`./editors/${name}.jsx`];

document.title = name;
const { default: start } = await load();
window.model = await start(document.querySelector('main'));
