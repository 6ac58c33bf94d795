import ace from 'ace-builds/src-noconflict/ace';

export default (place) => {
  place.className = 'tall';
  const editor = ace.edit(place, { useWorker: false });
  return () => editor.getValue();
};
