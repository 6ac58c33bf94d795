throw new Error('failing');
