module.exports = {
  uiHost: '127.0.0.1',
  uiPort: process.env.PORT,
  userDir: process.env.DATA,
  flowFile: 'flows.json',
  credentialSecret: false,
  telemetry: { enabled: false, updateNotification: false },
  editorTheme: { tours: false },
  logging: { console: { level: 'warn' } },
};
