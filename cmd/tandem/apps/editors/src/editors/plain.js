export default (place) => {
  place.innerHTML = `<form>
    <input id="name"><input id="phone"><textarea id="note"></textarea>
    <input id="agree" type="checkbox"><select id="size"><option>S<option>M<option>L</select>
    <input id="count" type="number" value="1"></form><div id="text" contenteditable></div>`;
  const value = (id) => document.getElementById(id).value;
  return () => JSON.stringify([value('name'), value('phone'), value('note'), document.getElementById('agree').checked, value('size'), value('count'), document.getElementById('text').innerHTML]);
};
