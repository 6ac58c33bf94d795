self.sriRan = 1; self.at = location.href;
