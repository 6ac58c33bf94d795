postMessage(URL.createObjectURL(new Blob(['from a worker'])));
