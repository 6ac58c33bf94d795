// attach makes a canvas one can draw on.
export function attach(canvas, ink) {
  const pen = canvas.getContext('2d');
  const self = { used: false, write, clear };
  let drawing = false;

  function at(event) {
    const box = canvas.getBoundingClientRect();
    return [(event.clientX - box.left) * canvas.width / box.width, (event.clientY - box.top) * canvas.height / box.height];
  }

  canvas.addEventListener('pointerdown', (event) => {
    drawing = true;
    pen.strokeStyle = ink.value;
    pen.lineWidth = 5;
    pen.lineCap = pen.lineJoin = 'round';
    pen.beginPath();
    pen.moveTo(...at(event));
  });
  canvas.addEventListener('pointermove', (event) => {
    if (!drawing) return;
    self.used = true;
    pen.lineTo(...at(event));
    pen.stroke();
  });
  addEventListener('pointerup', () => { drawing = false; });

  function write(text) {
    clear();
    self.used = true;
    pen.fillStyle = ink.value;
    pen.font = '110px Fraunces, serif';
    pen.textAlign = 'center';
    pen.textBaseline = 'middle';
    pen.fillText(text, canvas.width / 2, canvas.height / 2);
  }

  function clear() {
    self.used = false;
    pen.clearRect(0, 0, canvas.width, canvas.height);
  }

  return self;
}
