self.imported = [location.href.length > 0, 'imported'].join();
