document.getElementById('root').textContent = 'start';
