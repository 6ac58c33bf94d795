self.scriptRan = location.href;
