// A page that demands trusted types, and whose referrer policy is a meta element's.

const policy = self.trustedTypes?.createPolicy('probe', { createHTML: (s) => s, createScript: (s) => s, createScriptURL: (s) => s });
const short = (s) => s.split(':')[0];
probe('referrer: of a page with a policy', () => [document.referrer, location.href]);
probe('referrer: meta', async () => [(await (await fetch('/echo')).json()).Referer, (await (await fetch('$OTHER/echo?cors=*')).json()).Referer]);
probe('referrer: meta changed', async () => { document.querySelector('meta[name=referrer]').content = 'no-referrer'; return (await (await fetch('/echo')).json()).Referer; });
probe('types: innerHTML of text', () => short(thrown(() => { document.body.innerHTML = 'x'; })));
probe('types: innerHTML', () => { const e = document.createElement('div'); if (!policy) return 'none'; e.innerHTML = policy.createHTML('<a href="$OTHER/t">x</a>'); return [e.innerHTML, e.firstChild.href]; });
probe('types: script address', () => { const s = document.createElement('script'); return [short(thrown(() => { s.src = '/x.js'; })), policy ? (s.src = policy.createScriptURL('$OTHER/x.js'), s.src) : 'none']; });
probe('types: setAttribute', () => { const s = document.createElement('script'), f = document.createElement('iframe'); return [short(thrown(() => s.setAttribute('src', '/x'))), short(thrown(() => f.setAttribute('srcdoc', 'x'))), short(thrown(() => f.setAttribute('onload', 'x'))), short(thrown(() => f.setAttribute('src', '/file/empty.html')))]; });
probe('types: eval', () => [short(thrown(() => eval('1'))), policy ? eval(policy.createScript('location.host')) : 'none', short(thrown(() => Function('return 1')))]);
probe('types: script text', () => { const s = document.createElement('script'); return [short(thrown(() => { s.text = '1'; })), short(thrown(() => { s.textContent = '1'; })), policy ? (s.text = policy.createScript('self.typed = location.href'), document.head.append(s), self.typed) : 'none']; });
probe('types: worker', () => short(thrown(() => new Worker('/file/empty.js'))));
probe('types: worker, trusted', () => policy ? new Worker(policy.createScriptURL('/file/empty.js')) instanceof Worker : 'none');
probe('types: DOMParser, write', () => [short(thrown(() => new DOMParser().parseFromString('x', 'text/html'))), short(thrown(() => document.createRange().createContextualFragment('x'))), short(thrown(() => put('div').insertAdjacentHTML('beforeend', 'x')))]);
probe('types: setTimeout', () => short(thrown(() => setTimeout('1'))));
probe('types: policies', () => self.trustedTypes ? [short(thrown(() => trustedTypes.createPolicy('probe', {}))), short(thrown(() => trustedTypes.createPolicy('unlisted', {}))), trustedTypes.defaultPolicy, policy.name, trustedTypes.isHTML(policy.createHTML('x')), String(policy.createScriptURL('$OTHER/u')), trustedTypes.getAttributeType('script', 'src'), trustedTypes.getPropertyType('div', 'innerHTML')] : 'none');
