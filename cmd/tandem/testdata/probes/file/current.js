self.currentScriptSrc = [document.currentScript.src, document.currentScript.getAttribute('src'), location.href];
